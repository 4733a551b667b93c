"""Who reviews what: nobody with a conflict of interest, by no path; load even, reasons said."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from workers.deadlines import scan
from workers.office import Office
from workflow import assignment, audit, commands, conflicts
from workflow.conflicts import FORMER_POST_DAYS
from workflow.db import Database
from workflow.errors import DomainError, Forbidden, Invalid, Refused
from workflow.ledger import Actor
from workflow.models import Case, Conflict, Draft, Email, Event, Participant, Review, User
from workflow.people import create_user, find_user
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
REVIEWERS = ("rudi", "sri", "tono")
AGENCIES = ("puskesmas-tanon-1", "dlh", "dishub", "dinkes")
PROFILE = {"expertise": {"affairs": [], "categories": []}, "former_posts": []}
SEMINAR = "pkp_proposal.design_seminar"


@pytest.fixture
def office(database: Database, clock: MovableClock, settings: Settings) -> Office:
    return Office(settings, database, clock)


def in_review(database: Database, as_: As, *, agency: str = "puskesmas-tanon-1") -> str:
    """A proposal whose design seminar has begun."""
    document = {
        "title": "SIAGA POSYANDU: gizi balita",
        "category": "digital",
        "agency": agency,
        "cohort": "pkp-iv-2022",
        "mentor": "budi@contoh.invalid",
    }
    who = "ani" if agency == "puskesmas-tanon-1" else "endah"
    with database.write() as session:
        case = commands.start(session, as_(session, who), document)
        commands.advance(session, as_(session, who), case.number, "submit", form=sample("change_plan"))
        commands.advance(session, as_(session, "budi"), case.number, "approve")
    return case.number


def ask(database: Database, as_: As, number: str, *names: str) -> None:
    for name in names:
        with database.write() as session:
            commands.assign_reviewer(session, as_(session, "retno"), number, f"{name}@contoh.invalid")


def judge(database: Database, as_: As, number: str, name: str, score: int = 80) -> None:
    document = sample("design_seminar_review")
    document["scores"] = dict.fromkeys(document["scores"], score)
    with database.write() as session:
        commands.give_review(session, as_(session, name), number, document)


def declare(database: Database, as_: As, number: str, name: str) -> None:
    with database.write() as session:
        commands.declare_conflict(session, as_(session, name), number, "Pengusul adalah saudara saya.")


def profile(database: Database, as_: As, name: str, **changes: Any) -> None:  # noqa: ANN401
    with database.write() as session:
        user = find_user(session, f"{name}@contoh.invalid")
        assert user is not None
        commands.set_profile(session, as_(session, "endah"), user.id, PROFILE | changes)


def asked(database: Database, number: str) -> set[str]:
    with database.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        return {user.name.lower() for user in case.holders("reviewer", case.state)}


def conflicted(database: Database, clock: MovableClock) -> list[tuple[str, str]]:
    """Every open assignment with a conflict of interest: there must be none."""
    with database.read() as session:
        cases = list(session.scalars(select(Case)))
        users = list(session.scalars(select(User)).unique())
        found = conflicts.of_pairs(session, cases, users, clock())
        return [
            (case.number, p.user.name)
            for case in cases
            for p in case.participants
            if p.role == "reviewer" and p.until is None
            if any(not f.dismissed for f in found.get((case.id, p.user_id), []))
        ]


# --- conflicts ----------------------------------------------------------------------------------------


def test_each_ground_bars_and_says_why(database: Database, as_: As, clock: MovableClock) -> None:
    number = in_review(database, as_)
    lately = (clock() - timedelta(days=30)).date().isoformat()
    profile(database, as_, "tono", agency="dishub", former_posts=[{"agency": "dinkes", "until": lately}])
    declare(database, as_, number, "rudi")
    older = new_team(database, as_, "sri")

    said = {}
    for name in ("ani", "budi", "yuli", "rudi", "sri", "tono"):
        with database.write() as session, pytest.raises(Refused) as refusal:
            commands.assign_reviewer(session, as_(session, "retno"), number, f"{name}@contoh.invalid")
        said[name] = refusal.value.message

    assert "terlibat dalam usulan ini" in said["ani"]
    assert "terlibat dalam usulan ini" in said["budi"]
    assert said["yuli"] == "Yuli berasal dari instansi pengusul (Dinkes)."
    assert said["rudi"] == "Rudi menyatakan benturan kepentingan."
    assert said["sri"] == f"Sri pernah satu tim dengan pengusul atau mentor usulan ini ({older})."
    assert "Tono bertugas di Dinkes sampai" in said["tono"]


def test_a_former_post_stops_counting(database: Database, as_: As, clock: MovableClock) -> None:
    number = in_review(database, as_)
    long_ago = (clock() - timedelta(days=FORMER_POST_DAYS + 2)).date().isoformat()
    profile(database, as_, "tono", former_posts=[{"agency": "dinkes", "until": long_ago}])

    ask(database, as_, number, "tono")

    assert asked(database, number) == {"tono"}


def test_the_coordinator_dismisses_with_a_reason_and_never_for_the_case_s_own_people(
    database: Database, as_: As
) -> None:
    number = in_review(database, as_)
    with database.write() as session:
        yuli, ani = (find_user(session, f"{n}@contoh.invalid") for n in ("yuli", "ani"))
        assert yuli is not None
        assert ani is not None
        boss = as_(session, "endah")
        commands.dismiss_conflict(session, boss, number, yuli.id, "agency:dinkes", "Bertugas di bidang lain.")

    ask(database, as_, number, "yuli")

    assert asked(database, number) == {"yuli"}
    with database.read() as session:
        dismissed = session.scalars(select(Event).where(Event.name == "people.conflict_dismissed")).one()
        assert (dismissed.content or {})["note"] == "Bertugas di bidang lain."
    with database.write() as session:
        with pytest.raises(Refused):
            commands.dismiss_conflict(session, boss, number, ani.id, "insider", "Tetap saja, tidak apa-apa.")
        with pytest.raises(Forbidden):
            commands.dismiss_conflict(
                session, as_(session, "retno"), number, ani.id, "insider", "Tidak apa-apa."
            )


def test_a_conflict_declared_after_reviewing_keeps_the_review_and_leaves_it_out(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, *REVIEWERS)
    judge(database, as_, number, "rudi", 20)

    declare(database, as_, number, "rudi")
    run_workers()
    judge(database, as_, number, "sri", 80)
    judge(database, as_, number, "tono", 90)
    run_workers()

    with database.read() as session:
        case = session.scalars(select(Case)).one()
        marked = session.scalars(select(Review.set_aside_at).order_by(Review.id)).all()
        told = set(session.scalars(select(Email.to_address).where(Email.kind == "conflict_declared")))
        result = session.scalars(select(Event.data).where(Event.name.endswith("design_passed"))).one()
        assert list(audit.differences(session)) == []
    assert case.state == "pkp_proposal.implementation"
    assert [m is not None for m in marked] == [True, False, False]
    assert result["result"]["score"] == "85.00"
    assert told == {f"{name}@contoh.invalid" for name in ("retno", "endah", "wulan")}


def test_moving_into_the_agency_ends_the_assignment(database: Database, as_: As) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri")

    profile(database, as_, "rudi", agency="dinkes")

    assert asked(database, number) == {"sri"}


@pytest.mark.parametrize("last", ["declare", "profile"])
def test_whoever_comes_first_a_conflict_and_an_assignment_never_both_stand(
    database: Database, as_: As, clock: MovableClock, last: str
) -> None:
    number = in_review(database, as_)
    gate = threading.Barrier(2)

    def assign() -> None:
        gate.wait()
        with suppressed():
            ask(database, as_, number, "rudi")

    def object_() -> None:
        gate.wait()
        if last == "declare":
            declare(database, as_, number, "rudi")
        else:
            profile(database, as_, "rudi", agency="dinkes")

    together(assign, object_)

    assert conflicted(database, clock) == []


@contextmanager
def suppressed() -> Iterator[None]:
    try:
        yield
    except DomainError:
        return


def together(*acts: Callable[[], None]) -> None:
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


STEP = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 1), st.sampled_from([*REVIEWERS, "yuli", "lain"])),
    st.tuples(st.just("declare"), st.integers(0, 1), st.sampled_from(REVIEWERS)),
    st.tuples(st.just("dismiss"), st.integers(0, 1), st.sampled_from(REVIEWERS)),
    st.tuples(st.just("move"), st.sampled_from(AGENCIES), st.sampled_from(REVIEWERS)),
    st.tuples(st.just("post"), st.sampled_from(AGENCIES), st.sampled_from(REVIEWERS)),
    st.tuples(st.just("mentor"), st.integers(0, 1), st.sampled_from(REVIEWERS)),
    st.tuples(st.just("inherit"), st.integers(0, 1), st.sampled_from(["lain", "rudi"])),
    st.tuples(st.just("stand_in"), st.sampled_from(REVIEWERS), st.sampled_from(REVIEWERS)),
    st.tuples(st.just("propose"), st.just(0), st.just("")),
)


@given(steps=st.lists(STEP, min_size=4, max_size=14))
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_no_conflicted_pair_is_ever_assigned(
    database: Database,
    as_: As,
    clock: MovableClock,
    office: Office,
    run_workers: Callable[[], None],
    steps: list[tuple[str, Any, str]],
) -> None:
    """Whatever people do in whatever order, by page, proposal, substitute or change of the records."""
    numbers = [in_review(database, as_), in_review(database, as_, agency="dlh")]

    for step in steps:
        with suppressed():
            _take(database, as_, clock, numbers, step)
        scan(office)
        run_workers()
        assert conflicted(database, clock) == []


def _take(
    database: Database, as_: As, clock: MovableClock, numbers: list[str], step: tuple[str, Any, str]
) -> None:
    verb, where, name = step
    today = clock().date()
    acts: dict[str, Callable[[], object]] = {
        "ask": lambda: ask(database, as_, numbers[where], name),
        "declare": lambda: declare(database, as_, numbers[where], name),
        "dismiss": lambda: dismiss(database, as_, clock, numbers[where], name),
        "move": lambda: profile(database, as_, name, agency=where),
        "post": lambda: profile(
            database, as_, name, former_posts=[{"agency": where, "until": today.isoformat()}]
        ),
        "mentor": lambda: new_team(database, as_, name),
        "inherit": lambda: inherit(database, as_, numbers[where], name),
        "stand_in": lambda: substitute(database, as_, where, name, today),
        "propose": lambda: apply_proposal(database, as_, clock),
    }
    acts[verb]()


def dismiss(database: Database, as_: As, clock: MovableClock, number: str, name: str) -> None:
    with database.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        user = find_user(session, f"{name}@contoh.invalid")
        assert user is not None
        for finding in conflicts.standing(session, case, user, clock()):
            boss = as_(session, "endah")
            commands.dismiss_conflict(session, boss, number, user.id, finding.ground, "Sudah dibahas.")


def new_team(database: Database, as_: As, name: str) -> str:
    cover = {
        "title": "TIM BARU: layanan bersama",
        "category": "digital",
        "agency": "puskesmas-tanon-1",
        "cohort": "pkp-iv-2022",
    }
    with database.write() as session:
        mentored = {**cover, "mentor": f"{name}@contoh.invalid"}
        return commands.start(session, as_(session, "ani"), mentored).number


def inherit(database: Database, as_: As, number: str, name: str) -> None:
    with database.write() as session:
        commands.hand_over(session, as_(session, "endah"), number, f"{name}@contoh.invalid", "Mutasi.")


def apply_proposal(database: Database, as_: As, clock: MovableClock) -> None:
    with database.read() as session:
        cases = list(session.scalars(select(Case).where(Case.state == SEMINAR)))
        made = assignment.propose(session, cases, clock())
    with database.write() as session:
        commands.assign_all(session, as_(session, "retno"), SEMINAR, made.pairs)


# --- the proposal -----------------------------------------------------------------------------------


def panel(database: Database, clock: MovableClock, count: int) -> None:
    with database.write() as session:
        for turn in range(count):
            user = create_user(
                session,
                clock(),
                email=f"p{turn}@contoh.invalid",
                name=f"Penelaah {turn}",
                roles=("reviewer",),
            )
            user.expertise = {"affairs": ["Kesehatan"] if turn == 0 else [], "categories": []}


def test_the_proposal_is_balanced_explained_and_free_of_conflicts(
    database: Database, as_: As, clock: MovableClock
) -> None:
    numbers = [in_review(database, as_) for _turn in range(5)] + [in_review(database, as_, agency="dlh")]
    panel(database, clock, 3)
    declare(database, as_, numbers[0], "tono")

    with database.read() as session:
        cases = list(session.scalars(select(Case).order_by(Case.id)))
        made = assignment.propose(session, cases, clock())
        again = assignment.propose(session, cases, clock())

    loads = sorted(made.after.values())
    assert [len(line.chosen) for line in made.lines] == [3] * 6
    assert loads == [3] * 6
    assert made.pairs == again.pairs
    reasons = {user.name: why for user, why in made.lines[0].others}
    assert reasons["Tono"] == "Tono menyatakan benturan kepentingan."
    assert all(why for line in made.lines for _user, why in line.others)
    with database.write() as session:
        assert commands.assign_all(session, as_(session, "retno"), SEMINAR, made.pairs) == 18
    assert conflicted(database, clock) == []


def test_expertise_decides_between_equals(database: Database, as_: As, clock: MovableClock) -> None:
    number = in_review(database, as_)
    panel(database, clock, 6)
    with database.write() as session:
        case = session.scalars(select(Case)).one()
        case.forms = {"change_plan": {"main_affair": "Kesehatan"}}

    with database.read() as session:
        made = assignment.propose(session, list(session.scalars(select(Case))), clock())

    assert number == made.lines[0].case.number
    chosen = {c.reviewer.name: c.why for c in made.lines[0].chosen}
    assert chosen["Penelaah 0"].startswith("menguasai urusan Kesehatan")


def test_a_proposal_overtaken_by_a_conflict_is_refused_whole(
    database: Database, as_: As, clock: MovableClock
) -> None:
    number = in_review(database, as_)
    with database.read() as session:
        made = assignment.propose(session, list(session.scalars(select(Case))), clock())
    declare(database, as_, number, "sri")

    with pytest.raises(Refused) as refusal, database.write() as session:
        commands.assign_all(session, as_(session, "retno"), SEMINAR, made.pairs)

    assert refusal.value.message == f"{number}: Sri menyatakan benturan kepentingan."
    assert asked(database, number) == set()


def test_when_somebody_drops_out_the_gap_is_filled_and_nothing_else_moves(
    database: Database, as_: As, clock: MovableClock
) -> None:
    number = in_review(database, as_)
    panel(database, clock, 1)
    ask(database, as_, number, *REVIEWERS)
    with database.write() as session:
        commands.abstain(session, as_(session, "sri"), number, "Sedang tugas belajar.")

    with database.read() as session:
        made = assignment.propose(session, list(session.scalars(select(Case))), clock())

    assert {u.name for u in made.lines[0].kept} == {"Rudi", "Tono"}
    assert len(made.pairs) == 1


# --- substitutes ------------------------------------------------------------------------------------


def substitute(database: Database, as_: As, away: str, other: str, first: date, days: int = 5) -> None:
    with database.write() as session:
        user, stand_in = as_(session, away).user, as_(session, other).user
        assert user is not None
        assert stand_in is not None
        last = first + timedelta(days=days)
        commands.set_substitute(session, as_(session, away), user.id, stand_in.id, first, last, "Cuti.")


def test_a_chain_of_substitutes_is_followed_and_a_loop_refused(
    database: Database, as_: As, clock: MovableClock, run_workers: Callable[[], None]
) -> None:
    number, today = in_review(database, as_), clock().date()
    substitute(database, as_, "rudi", "sri", today)
    substitute(database, as_, "sri", "tono", today)

    with pytest.raises(Refused) as refusal:
        substitute(database, as_, "tono", "rudi", today)
    substitute(database, as_, "tono", "rudi", today + timedelta(days=30))
    ask(database, as_, number, "rudi")

    assert refusal.value.message.startswith("Pengganti berputar: Tono → Rudi → Sri → Tono.")
    assert asked(database, number) == {"tono"}
    run_workers()
    with database.read() as session:
        told = session.scalars(select(Email.to_address).where(Email.kind == "review_requested"))
        assert set(told) == {"tono@contoh.invalid"}


def test_waiting_work_is_handed_on_when_the_absence_begins_except_into_a_conflict(
    database: Database, as_: As, clock: MovableClock, office: Office
) -> None:
    free, barred = in_review(database, as_), in_review(database, as_)
    ask(database, as_, free, "rudi")
    ask(database, as_, barred, "rudi")
    declare(database, as_, barred, "sri")
    substitute(database, as_, "rudi", "sri", clock().date() + timedelta(days=2))

    scan(office)
    before = asked(database, free)
    clock.tick(days=2)
    scan(office)
    scan(office)

    assert before == {"rudi"}
    assert asked(database, free) == {"sri"}
    assert asked(database, barred) == {"rudi"}


@pytest.mark.parametrize(
    ("days", "field"), [(-1, "/ends_on"), (400, "/ends_on")], ids=["end before start", "too long"]
)
def test_impossible_dates_are_named(
    database: Database, as_: As, clock: MovableClock, days: int, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        substitute(database, as_, "rudi", "sri", clock().date(), days)

    assert [p.pointer for p in refusal.value.problems] == [field]


# --- external reviewers, and leaving while writing -------------------------------------------------


def test_an_expired_reviewer_is_not_asked(database: Database, as_: As, clock: MovableClock) -> None:
    number = in_review(database, as_)
    profile(database, as_, "rudi", access_until=clock().date().isoformat())
    clock.tick(days=1)

    with pytest.raises(Refused) as refusal:
        ask(database, as_, number, "rudi")

    assert refusal.value.message == "Akses Rudi sudah berakhir."


def test_a_reviewer_removed_while_writing_keeps_the_draft_and_hears_why(database: Database, as_: As) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi")
    with database.write() as session:
        commands.save_review_draft(session, as_(session, "rudi"), number, {"comment": "Separuh jalan."})
    with database.write() as session:
        commands.release_reviewer(session, as_(session, "retno"), number, "rudi@contoh.invalid")

    with pytest.raises(Forbidden) as refusal:
        judge(database, as_, number, "rudi")
    with database.write() as session:
        commands.save_review_draft(session, as_(session, "rudi"), number, {"comment": "Sampai selesai."})

    assert "dicabut" in refusal.value.message
    with database.read() as session:
        assert session.scalars(select(Draft.data)).one() == {"comment": "Sampai selesai."}
        assert session.scalar(select(func.count()).select_from(Review)) == 0
        assert session.scalar(select(func.count()).select_from(Conflict)) == 0
        assert session.scalars(select(Participant.until).where(Participant.role == "reviewer")).one()
