"""The commands: what they check, in which order, and that a refusal leaves no trace."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from workflow import audit, commands
from workflow.db import Database
from workflow.errors import Forbidden, Invalid, NotFound, Refused, Stale
from workflow.ledger import Actor
from workflow.models import Case, Draft, Email, Event, Job
from workflow.samples import sample

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
    act(database, as_, "ani", number, "submit_entry", form=sample("iga_profile"))
    act(database, as_, "endah", number, "accept")
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
        commands.hand_over(session, as_(session, "yuli"), number, "lain@contoh.invalid", "Mutasi.")

    with pytest.raises(NotFound):
        act(database, as_, "ani", number, "withdraw", note="Tidak jadi.")
    with database.read() as session:
        assert list(audit.differences(session)) == []
