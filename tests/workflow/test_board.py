"""The board shows what the list finds: the same cases, counts and limits, in columns."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.conftest import MONDAY, MovableClock
from tests.web.api_calls import counted
from tests.workflow.registry import fill
from workflow import recall
from workflow.board import MOST, Board, board
from workflow.case_lists import Filters, list_cases
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, Participant
from workflow.people import find_user

As = Callable[[Session, str], Actor]


def _asked(session: Session, as_: As, clock: MovableClock, who: str = "endah", **filters: object) -> Board:
    user = as_(session, who).user
    assert user is not None
    return board(session, user, clock(), Filters(**filters))  # type: ignore[arg-type]


def test_columns_count_what_the_list_with_their_filters_finds(
    database: Database, as_: As, clock: MovableClock
) -> None:
    fill(database)
    with database.read() as session:
        for who in ("endah", "ani", "lain"):
            user = as_(session, who).user
            assert user is not None
            for filters in (
                Filters(),
                Filters(stage="opd_pilot"),
                Filters(q="kesehatan", category="digital"),
            ):
                found = board(session, user, clock(), filters)
                assert found.total == list_cases(session, user, clock(), filters).total
                assert sum(column.count for column in found.columns) == found.total
                for column in found.columns:
                    page = list_cases(session, user, clock(), column.filters, sort="due_at")
                    assert column.count == page.total
                    assert [c.id for c in column.cases] == [c.id for c in page.cases[:MOST]]


def test_a_column_begins_with_what_is_due_first_and_ends_somewhere(
    database: Database, as_: As, clock: MovableClock
) -> None:
    fill(database)
    with database.write() as session:
        for number in range(1, MOST + 6):
            case = session.get_one(Case, number)
            case.state, case.due_at = "opd_pilot.running", MONDAY + timedelta(days=100 - number)
    with database.read() as session:
        stage = next(c for c in _asked(session, as_, clock).columns if c.filters.stage == "opd_pilot")
        states = _asked(session, as_, clock, stage="opd_pilot").columns
        running = next(c for c in states if c.filters.state == "opd_pilot.running")

    assert [c.id for c in stage.cases] == [c.id for c in running.cases] == list(range(MOST + 5, 5, -1))
    assert running.count > MOST


def test_a_card_says_how_many_reviewers_its_round_has(
    database: Database, as_: As, clock: MovableClock
) -> None:
    fill(database)
    with database.write() as session:
        case = session.get_one(Case, 1)
        case.state = "pkp_proposal.feasibility"
        for name, until in (("rudi", None), ("sri", MONDAY)):
            user = find_user(session, f"{name}@contoh.invalid")
            case.participants.append(
                Participant(user=user, role="reviewer", state=case.state, since=MONDAY, until=until)
            )
    with database.read() as session:
        panel = _asked(session, as_, clock, state="pkp_proposal.feasibility").panels[1]

    assert (panel.assigned, panel.given) == (1, 0)
    assert panel.asked > 1


def test_a_large_board_asks_no_more_than_a_small_one(
    database: Database, as_: As, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    with database.read() as session, counted(database) as small:
        _asked(session, as_, clock)
    monkeypatch.setattr(recall, "LARGE", 1)
    with database.read() as session:
        _asked(session, as_, clock)
    with database.read() as session:
        _asked(session, as_, clock)
    with database.read() as session, counted(database) as large:
        assert _asked(session, as_, clock).total > 0
    assert len(large) <= len(small)
