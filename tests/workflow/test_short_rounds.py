"""Rounds whose time is over without a quorum: handed over visibly, and what may come of them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import ask, declare, in_review, judge, together
from workers.deadlines import scan
from workers.office import Office
from workflow import commands, fold, lacking
from workflow.calendar import add_working_days, wib_date
from workflow.commands.review import save_review_draft
from workflow.db import Database
from workflow.errors import DomainError, Forbidden, Invalid, Refused
from workflow.ledger import Actor
from workflow.models import Case, Draft, Email, Event
from workflow.people import find_user
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
SEMINAR, PASSED = "pkp_proposal.design_seminar", "pkp_proposal.implementation"
DISCUSSED = "pkp_proposal.design_deliberation"
WITH_FEW = "deliberate_design_with_few"
WHY = "Penguji bertugas ke luar daerah."


class Round:
    """A design seminar with three reviewers, a quorum of two and one review, whose time can be let pass."""

    def __init__(self, database: Database, as_: As, clock: MovableClock, settings: Settings) -> None:
        self.database, self.as_, self.clock = database, as_, clock
        self.office = Office(settings, database, clock)
        self.number = in_review(database, as_)
        ask(database, as_, self.number, "rudi", "sri", "tono")
        judge(database, as_, self.number, "rudi")

    def let_time_pass(self) -> None:
        with self.database.read() as session:
            due_at = session.scalars(select(Case.due_at)).one()
        assert due_at is not None
        self.clock.now = due_at

    def scan(self) -> None:
        scan(self.office)

    def end(self, run_workers: Callable[[], None]) -> None:
        run_workers()
        self.let_time_pass()
        scan(self.office)
        run_workers()

    def told(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).where(Event.name == "round.fell_short")) or 0

    def state(self) -> str:
        with self.database.read() as session:
            assert list(fold.differences(session)) == []
            return session.scalars(select(Case.state)).one()

    def worklist(self, who: str) -> list[str]:
        with self.database.read() as session:
            user = find_user(session, f"{who}@contoh.invalid")
            assert user is not None
            lot, lacks = lacking.short_rounds(session, user, self.clock())
            assert sorted(lacks) == sorted(case.id for case in lot.cases)
            return list(lacks.values())

    def extend(self, who: str, days: int) -> None:
        with self.database.write() as session:
            until = add_working_days(wib_date(self.clock()), days)
            commands.extend_deadline(session, self.as_(session, who), self.number, until, WHY)

    def discuss(self, who: str, note: str = WHY) -> None:
        with self.database.write() as session:
            commands.advance(session, self.as_(session, who), self.number, WITH_FEW, note=note)


@pytest.fixture
def held(database: Database, as_: As, clock: MovableClock, settings: Settings) -> Round:
    return Round(database, as_, clock, settings)


def test_a_short_round_is_handed_over_once_by_event_mail_and_work_list(
    held: Round, run_workers: Callable[[], None]
) -> None:
    held.clock.tick(days=1)
    before = held.worklist("retno")
    held.end(run_workers)
    held.clock.tick(days=1)
    scan(held.office)
    run_workers()

    with held.database.read() as session:
        told = set(session.scalars(select(Email.to_address).where(Email.kind == "round_short")))
        data = session.scalars(select(Event.data).where(Event.name == "round.fell_short")).one()
        escalated = session.scalar(select(func.count()).where(Email.kind == "escalated"))
    assert told == {f"{name}@contoh.invalid" for name in ("retno", "endah", "wulan")}
    assert data["round"] == {"given": 1, "asked": 3, "quorum": 2}
    assert (before, held.worklist("retno")) == ([], ["Baru 1 penilaian; kuorumnya 2."])
    assert held.worklist("rudi") == []
    assert escalated == 0
    assert held.state() == SEMINAR


def test_a_review_that_comes_late_still_counts_until_somebody_has_decided(
    held: Round, run_workers: Callable[[], None]
) -> None:
    held.end(run_workers)
    judge(held.database, held.as_, held.number, "sri")
    run_workers()

    assert (held.told(), held.state(), held.worklist("retno")) == (1, PASSED, [])


@pytest.mark.parametrize("review_first", [True, False])
def test_a_review_at_the_very_end_closes_the_round_whichever_comes_first(
    held: Round, run_workers: Callable[[], None], *, review_first: bool
) -> None:
    """Between the end and its handling nothing is decided: the workers look at what is there then."""
    run_workers()
    held.let_time_pass()
    acts: list[Callable[[], Any]] = [
        lambda: scan(held.office),
        lambda: judge(held.database, held.as_, held.number, "sri"),
    ]
    for act in reversed(acts) if review_first else acts:
        act()
    run_workers()

    assert (held.told(), held.state()) == (0, PASSED)


def test_end_review_and_workers_in_the_same_instant_move_the_case_once(
    held: Round, run_workers: Callable[[], None]
) -> None:
    run_workers()
    held.let_time_pass()
    together(
        held.scan,
        lambda: judge(held.database, held.as_, held.number, "sri"),
        run_workers,
    )
    together(run_workers, run_workers)

    with held.database.read() as session:
        passed = session.scalar(select(func.count()).where(Event.name == "pkp_proposal.design_passed"))
    assert (passed, held.state(), held.worklist("retno")) == (1, PASSED, [])
    assert held.told() <= 1


def test_more_time_makes_it_a_running_round_again_and_its_end_is_told_anew(
    held: Round, run_workers: Callable[[], None]
) -> None:
    held.end(run_workers)
    held.extend("retno", 5)
    between = held.worklist("retno")
    with pytest.raises(Refused) as early:
        held.discuss("retno")
    held.end(run_workers)

    assert between == []
    assert early.value.reasons[0].guard == "round_open"
    assert (held.told(), held.state()) == (2, SEMINAR)


def test_with_a_reason_it_is_decided_with_what_there_is_and_with_nothing_it_is_not(
    held: Round, run_workers: Callable[[], None]
) -> None:
    held.end(run_workers)
    with pytest.raises(Invalid):
        held.discuss("retno", note="")
    with pytest.raises(Forbidden):
        held.discuss("budi")
    held.discuss("retno")
    assert held.state() == DISCUSSED
    with held.database.read() as session:
        event = session.scalars(select(Event).where(Event.name.endswith("_with_few"))).one()
    assert (event.content or {})["note"] == WHY


def test_a_round_without_any_review_cannot_be_decided(held: Round, run_workers: Callable[[], None]) -> None:
    declare(held.database, held.as_, held.number, "rudi")
    held.end(run_workers)

    with pytest.raises(Refused, match="paling sedikit 1"):
        held.discuss("retno")
    assert held.worklist("retno") == ["Baru 0 penilaian; kuorumnya 2."]


def test_a_conflict_declared_after_the_end_may_leave_a_round_short(
    held: Round, run_workers: Callable[[], None]
) -> None:
    """Quorum reached, but not yet acted upon, when one of the two reviews is set aside."""
    run_workers()
    held.let_time_pass()
    judge(held.database, held.as_, held.number, "sri")
    declare(held.database, held.as_, held.number, "sri")
    run_workers()

    assert (held.told(), held.state()) == (1, SEMINAR)


def test_a_reviewer_removed_while_writing_keeps_the_draft_and_the_round_stays_short(
    held: Round, run_workers: Callable[[], None]
) -> None:
    held.end(run_workers)
    with held.database.write() as session:
        save_review_draft(session, held.as_(session, "sri"), held.number, {"comment": "Hampir selesai."})
        commands.release_reviewer(session, held.as_(session, "retno"), held.number, "sri@contoh.invalid")
    with pytest.raises(Forbidden, match="Draf Anda tetap tersimpan"):
        judge(held.database, held.as_, held.number, "sri")
    run_workers()

    with held.database.read() as session:
        draft = session.scalars(select(Draft.data).where(Draft.form == "design_seminar_review")).one()
    assert draft == {"comment": "Hampir selesai."}
    assert (held.told(), held.state()) == (1, SEMINAR)


def test_of_more_time_and_a_decision_at_once_one_holds_and_the_other_is_told_why(
    held: Round, run_workers: Callable[[], None]
) -> None:
    held.end(run_workers)
    refused: list[str] = []

    def attempt(act: Callable[[], None]) -> None:
        try:
            act()
        except DomainError as fault:
            refused.append(type(fault).__name__)

    together(
        lambda: attempt(lambda: held.extend("endah", 5)),
        lambda: attempt(lambda: held.discuss("wulan")),
    )

    state = held.state()
    assert (state, refused) in [(SEMINAR, ["Refused"]), (DISCUSSED, ["Invalid"])]


def test_a_round_with_its_quorum_is_not_called_short(held: Round, run_workers: Callable[[], None]) -> None:
    judge(held.database, held.as_, held.number, "sri")
    held.end(run_workers)
    held.clock.tick(days=30)
    scan(held.office)
    run_workers()

    assert held.told() == 0
