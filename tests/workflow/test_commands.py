"""The commands: what they check, in which order, and that a refusal leaves no trace."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.conftest import MONDAY, MovableClock
from workers.deadlines import scan
from workers.office import Office
from workflow import audit, commands, delivery
from workflow.db import Database
from workflow.errors import Forbidden, Invalid, NotFound, Refused, Stale
from workflow.ledger import Actor
from workflow.models import Agency, Case, Draft, Email, Event, Job
from workflow.people import create_user
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
COVER = {
    "title": "SIAGA POSYANDU: gizi balita terpantau",
    "category": "digital",
    "agency": "puskesmas-tanon-1",
    "cohort": "pkp-iv-2022",
    "mentor": "budi@contoh.invalid",
}


def begin(database: Database, as_: As, **changes: object) -> str:
    with database.write() as session:
        return commands.start(session, as_(session, "ani"), COVER | changes).number


def act(database: Database, as_: As, who: str, number: str, step: str, **more: Any) -> Case:  # noqa: ANN401
    with database.write() as session:
        return commands.advance(session, as_(session, who), number, step, **more)


def judge(database: Database, as_: As, number: str, assigner: str, score: int) -> None:
    for name in ("rudi", "sri", "tono"):
        with database.write() as session:
            commands.assign_reviewer(session, as_(session, assigner), number, f"{name}@contoh.invalid")
    with database.read() as session:
        case = commands.find(session, Actor(None, as_(session, "ani").at), number)
    rubric = {
        "pkp_proposal.design_seminar": "design_seminar_review",
        "pkp_proposal.final_seminar": "final_seminar_review",
        "pkp_proposal.feasibility": "feasibility_review",
        "opd_pilot.report_review": "pilot_report_review",
    }[case.state]
    for name in ("rudi", "sri", "tono"):
        document = sample(rubric)
        document["scores"] = dict.fromkeys(document["scores"], score)
        with database.write() as session:
            commands.give_review(session, as_(session, name), number, document)


def state_of(database: Database, number: str) -> str:
    with database.read() as session:
        return session.scalars(select(Case.state).where(Case.number == number)).one()


def test_a_proposal_travels_the_whole_way(  # noqa: PLR0915 - one long way
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    act(database, as_, "budi", number, "approve")
    judge(database, as_, number, "retno", 85)
    run_workers()
    assert state_of(database, number) == "pkp_proposal.implementation"
    for turn in range(3):
        act(database, as_, "ani", number, "log_milestone", form=sample("milestone", turn))
    act(database, as_, "ani", number, "finish_implementation")
    act(database, as_, "ani", number, "submit_report", form=sample("change_report"))
    judge(database, as_, number, "retno", 90)
    run_workers()
    assert state_of(database, number) == "opd_pilot.planned"
    act(database, as_, "yuli", number, "grant_permission", form=sample("permission"))
    act(database, as_, "ani", number, "submit_plan", form=sample("pilot_plan"))
    act(database, as_, "yuli", number, "record_decree", form=sample("decree"))
    run_workers()
    act(database, as_, "ani", number, "submit_report", form=sample("pilot_report"))
    judge(database, as_, number, "endah", 80)
    run_workers()
    assert state_of(database, number) == "replication.open"
    act(database, as_, "endah", number, "recommend", note="Layak direplikasi.")
    run_workers()
    act(database, as_, "endah", number, "invite")
    with database.write() as session:
        claim = commands.NewClaim(level=3, link="https://contoh.sragenkab.invalid/video")
        commands.claim_level(session, as_(session, "ani"), number, "20", claim)
    act(database, as_, "ani", number, "submit_entry", form=sample("iga_profile"))
    with database.write() as session:
        commands.judge_claim(session, as_(session, "endah"), number, "20", accept=True)
    act(database, as_, "endah", number, "accept")
    act(database, as_, "endah", number, "freeze", form=sample("iga_checklist"))
    act(database, as_, "wulan", number, "release")
    act(database, as_, "endah", number, "send", form=sample("iga_receipt"))
    case = act(database, as_, "endah", number, "record_awarded", form=sample("iga_result"))
    run_workers()

    assert case.state == "competition.awarded"
    with database.read() as session:
        assert audit.verify(session).intact
        assert list(audit.differences(session)) == []
        assert session.scalar(select(func.count()).select_from(Job).where(Job.done_at.is_(None))) == 0
        assert (session.scalar(select(func.count()).select_from(Email)) or 0) > 25


def test_a_low_score_returns_the_design_and_the_second_round_starts_afresh(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    act(database, as_, "budi", number, "approve")
    judge(database, as_, number, "retno", 50)
    run_workers()
    assert state_of(database, number) == "pkp_proposal.design_revision"

    act(database, as_, "ani", number, "resubmit_design", form=sample("change_plan", 3))
    run_workers()

    assert state_of(database, number) == "pkp_proposal.design_seminar"


def test_an_incomplete_form_is_refused_with_every_problem_and_stores_nothing(
    database: Database, as_: As
) -> None:
    number = begin(database, as_)

    with pytest.raises(Invalid) as refusal:
        act(database, as_, "ani", number, "submit", form={"summary": "pendek"})

    pointers = {problem.pointer for problem in refusal.value.problems}
    assert {"/form/summary", "/form/main_affair", "/form/design"} <= pointers
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 1


def test_without_a_form_the_saved_draft_is_submitted(database: Database, as_: As) -> None:
    number = begin(database, as_)
    with database.write() as session:
        commands.save_draft(session, as_(session, "ani"), number, sample("change_plan"), None)

    case = act(database, as_, "ani", number, "submit")

    assert case.state == "pkp_proposal.mentor_review"
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Draft)) == 0


def test_a_stale_writer_loses_and_sees_both_versions(database: Database, as_: As) -> None:
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))

    with pytest.raises(Stale) as refusal:
        act(database, as_, "budi", number, "approve", expected="1.0")

    assert (refusal.value.expected, refusal.value.current) == ("1.0", "2.0")


def test_two_tabs_cannot_overwrite_each_other_s_draft(database: Database, as_: As) -> None:
    number = begin(database, as_)
    with database.write() as session:
        commands.save_draft(session, as_(session, "ani"), number, {"summary": "satu"}, "1.0")

    with database.write() as session, pytest.raises(Stale):
        commands.save_draft(session, as_(session, "ani"), number, {"summary": "dua"}, "1.0")


@pytest.mark.parametrize(
    ("who", "step", "refusal"),
    [
        ("budi", "submit", Forbidden),
        ("lain", "submit", NotFound),
        ("ani", "approve", Refused),
        ("ani", "fly", NotFound),
        ("ani", "propose", Refused),
    ],
)
def test_who_may_not_is_told_why(
    database: Database, as_: As, who: str, step: str, refusal: type[Exception]
) -> None:
    number = begin(database, as_)
    form = sample("innovation_proposal") if step == "propose" else sample("change_plan")

    with pytest.raises(refusal):
        act(database, as_, who, number, step, form=form)


def test_nobody_reviews_what_is_their_own_agency_s(database: Database, as_: As) -> None:
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    act(database, as_, "budi", number, "approve")

    with database.write() as session, pytest.raises(Refused) as refusal:
        commands.assign_reviewer(session, as_(session, "retno"), number, "yuli@contoh.invalid")

    assert refusal.value.reasons[0].guard == "conflict"


def test_a_review_is_given_once(database: Database, as_: As) -> None:
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    act(database, as_, "budi", number, "approve")
    judge(database, as_, number, "retno", 80)

    with database.write() as session, pytest.raises(Refused):
        commands.give_review(session, as_(session, "rudi"), number, sample("design_seminar_review"))


@pytest.mark.parametrize(
    ("statement", "event"),
    [
        ("UPDATE events SET data = '{}' WHERE id = 2", 2),
        ("UPDATE events SET role = 'mentor' WHERE id = 1", 1),
        ("DELETE FROM events WHERE id = 2", 3),
        ('UPDATE events SET content = \'{"note":"lain"}\' WHERE id = 2', 2),
    ],
)
def test_the_audit_names_the_first_altered_event(
    database: Database, as_: As, statement: str, event: int
) -> None:
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    act(database, as_, "budi", number, "request_revision", note="Lengkapi data dasar.")
    with database.write() as session:
        session.execute(text("DELETE FROM jobs"))
        session.execute(text(statement))

    with database.read() as session:
        verdict = audit.verify(session)

    assert (verdict.intact, verdict.event_id) == (False, event)


def test_handing_over_keeps_the_record_and_moves_the_duty(database: Database, as_: As) -> None:
    number = begin(database, as_)

    with database.write() as session:
        commands.hand_over(session, as_(session, "yuli"), number, "tuti@contoh.invalid", "Mutasi.")

    with pytest.raises(NotFound):
        act(database, as_, "ani", number, "withdraw", note="Tidak jadi.")
    with database.read() as session:
        assert list(audit.differences(session)) == []


@pytest.mark.parametrize("number", ["INV-2022-0001\x00", "\ud800", ""])
def test_a_number_that_no_database_could_hold_is_not_found(database: Database, as_: As, number: str) -> None:
    begin(database, as_)

    with pytest.raises(NotFound):
        act(database, as_, "ani", number, "withdraw", note="Tidak jadi.")


@pytest.mark.parametrize("note", ["a\x00b", "rusak \ud800", "x" * 4001])
def test_a_note_that_cannot_be_kept_is_refused_wherever_it_is_given(
    database: Database, as_: As, note: str
) -> None:
    number = begin(database, as_)

    with pytest.raises(Invalid) as of_a_step:
        act(database, as_, "ani", number, "withdraw", note=note)
    with pytest.raises(Invalid) as of_handing_over, database.write() as session:
        commands.hand_over(session, as_(session, "yuli"), number, "tuti@contoh.invalid", note)

    assert of_a_step.value.problems == of_handing_over.value.problems
    assert [problem.pointer for problem in of_a_step.value.problems] == ["/note"]


@pytest.mark.parametrize(
    "address", ["a\x00@contoh.invalid", "\ud800@contoh.invalid", "hilang@contoh.invalid"]
)
def test_an_address_that_is_nobody_s_is_said_so(database: Database, as_: As, address: str) -> None:
    number = begin(database, as_)

    with pytest.raises(Invalid) as refusal, database.write() as session:
        commands.hand_over(session, as_(session, "ani"), number, address, "")

    assert [problem.pointer for problem in refusal.value.problems] == ["/successor"]


@pytest.mark.parametrize(("name", "home"), [("lama", "dinkes"), ("luar", None), ("tetangga", "dlh")])
def test_a_case_is_not_handed_to_somebody_who_cannot_act_for_its_agency(
    database: Database, as_: As, name: str, home: str | None
) -> None:
    number = begin(database, as_)
    ended = MONDAY - timedelta(days=1) if name == "lama" else None
    with database.write() as session:
        create_user(session, MONDAY, email=f"{name}@contoh.invalid", name=name, agency=home, expires_at=ended)

    with pytest.raises(Invalid) as refusal, database.write() as session:
        commands.hand_over(session, as_(session, "ani"), number, f"{name}@contoh.invalid", "")

    assert [problem.pointer for problem in refusal.value.problems] == ["/successor"]


def test_evidence_says_what_the_schema_allows_and_nothing_else(database: Database, as_: As) -> None:
    number = begin(database, as_)

    new = commands.NewEvidence(
        "a.pdf", "application/pdf", 9, "a" * 64, field="\x00", letter_subject="x" * 301
    )

    with pytest.raises(Invalid) as refusal, database.write() as session:
        commands.add_evidence(session, as_(session, "ani"), number, new)

    assert {problem.pointer for problem in refusal.value.problems} == {"/field", "/letter_subject"}


def back_from_the_seminar(database: Database, as_: As) -> str:
    """A case whose three reviewers have been asked and whose plan the proposer may change again."""
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    act(database, as_, "budi", number, "approve")
    for name in ("rudi", "sri", "tono"):
        with database.write() as session:
            commands.assign_reviewer(session, as_(session, "retno"), number, f"{name}@contoh.invalid")
    act(database, as_, "retno", number, "call_revision", note="Perjelas tahapannya.")
    return number


@pytest.mark.parametrize(
    ("changes", "guards"),
    [
        ({"mentor": "rudi@contoh.invalid"}, ["conflict"]),
        ({"cohort": None}, ["track"]),
        ({"cohort": None, "mentor": "sri@contoh.invalid"}, ["track", "conflict"]),
    ],
)
def test_cover_data_cannot_turn_a_reviewer_into_a_mentor_or_a_case_onto_another_track(
    database: Database, as_: As, changes: dict[str, str | None], guards: list[str]
) -> None:
    number = back_from_the_seminar(database, as_)
    cover = {key: value for key, value in (COVER | changes).items() if value is not None}

    with pytest.raises(Refused) as refusal, database.write() as session:
        commands.amend(session, as_(session, "ani"), number, cover, None)

    assert [reason.guard for reason in refusal.value.reasons] == guards


def test_cover_data_is_corrected_as_a_whole_and_recorded(database: Database, as_: As) -> None:
    with database.write() as session:
        number = commands.start(session, as_(session, "ani"), COVER).number
    cover = COVER | {"title": "Judul yang dibetulkan", "category": "non_digital"}
    with database.write() as session:
        commands.amend(session, as_(session, "ani"), number, cover, None)

    with database.read() as session:
        case = commands.find(session, as_(session, "ani"), number)
        event = session.scalars(select(Event).where(Event.name == "case.amended")).one()
        assert (case.title, case.category) == (cover["title"], cover["category"])
        assert (event.data["title"], event.data["category"]) == (cover["title"], cover["category"])
        assert list(audit.differences(session)) == []


def test_a_reviewer_s_own_agency_cannot_become_the_case_s(database: Database, as_: As) -> None:
    number = begin(database, as_, agency="puskesmas-tanon-1")
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    act(database, as_, "budi", number, "approve")
    with database.write() as session:
        child = session.scalars(select(Agency).where(Agency.code == "puskesmas-tanon-1")).one()
        other = session.scalars(
            select(Agency).where(
                Agency.path.startswith("/"), Agency.id != child.id, Agency.parent_id == child.parent_id
            )
        ).first()
        assert other is not None
        create_user(session, MONDAY, email="dekat@contoh.invalid", name="Dekat", agency=other.code)
        commands.assign_reviewer(session, as_(session, "retno"), number, "dekat@contoh.invalid")
    act(database, as_, "retno", number, "call_revision", note="Perjelas tahapannya.")
    with database.write() as session:
        commands.hand_over(session, as_(session, "retno"), number, "yuli@contoh.invalid", "")

    with pytest.raises(Refused) as refusal, database.write() as session:
        commands.amend(session, as_(session, "yuli"), number, COVER | {"agency": other.code}, None)

    assert [reason.guard for reason in refusal.value.reasons] == ["conflict"]


def test_a_review_once_given_is_not_drafted_again(database: Database, as_: As) -> None:
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    act(database, as_, "budi", number, "approve")
    judge(database, as_, number, "retno", 80)

    with pytest.raises(Refused) as refusal, database.write() as session:
        commands.save_review_draft(session, as_(session, "rudi"), number, {"comment": "lagi"})

    assert refusal.value.reasons[0].guard == "reviewed"


def test_a_round_with_a_quorum_ends_at_the_very_moment_its_time_is_over(
    database: Database,
    as_: As,
    clock: MovableClock,
    settings: Settings,
    run_workers: Callable[[], None],
) -> None:
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    act(database, as_, "budi", number, "approve")
    for name in ("rudi", "sri", "tono"):
        with database.write() as session:
            commands.assign_reviewer(session, as_(session, "retno"), number, f"{name}@contoh.invalid")
    for name in ("rudi", "sri"):
        with database.write() as session:
            commands.give_review(session, as_(session, name), number, sample("design_seminar_review"))
    run_workers()
    with database.read() as session:
        due = session.scalars(select(Case.due_at)).one()
    assert due is not None
    assert state_of(database, number) == "pkp_proposal.design_seminar"

    clock.now = due
    scan(Office(settings, database, clock))
    run_workers()

    assert state_of(database, number) == "pkp_proposal.implementation"


def test_the_first_two_cases_of_a_year_may_come_at_once(database: Database, as_: As) -> None:
    start = Barrier(2)

    def propose(name: str) -> str:
        start.wait()
        with database.write() as session:
            return commands.start(session, as_(session, name), COVER).number

    with ThreadPoolExecutor(2) as pool:
        numbers = sorted(pool.map(propose, ("ani", "yuli")))

    assert numbers == ["INV-2022-0001", "INV-2022-0002"]


@pytest.mark.parametrize("kind", ["job", "email"])
def test_work_that_was_parked_and_then_dropped_is_only_dropped(
    database: Database, as_: As, run_workers: Callable[[], None], kind: str
) -> None:
    number = begin(database, as_)
    act(database, as_, "ani", number, "submit", form=sample("change_plan"))
    run_workers()
    with database.write() as session:
        row = session.get(Email, 1) if kind == "email" else session.get(Job, 1)
        assert row is not None
        row.done_at, row.leased_until, row.parked_at = None, None, MONDAY
        if isinstance(row, Email):
            row.unknown_at = MONDAY
    with database.read() as session:
        assert delivery.alarm(session, MONDAY) is not None

    with database.write() as session:
        assert delivery.drop(session, kind, row.id, MONDAY)

    with database.write() as session:
        summary = delivery.mails(session) if kind == "email" else delivery.jobs(session)
        assert (summary.dropped, summary.parked, summary.unknown) == (1, 0, 0)
        assert delivery.alarm(session, MONDAY) is None
        assert not delivery.settle(session, row.id, MONDAY)
        assert not delivery.drop(session, kind, row.id, MONDAY)
