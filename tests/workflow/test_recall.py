"""Counts of a large registry are remembered until something happens, and never longer."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.web.api_calls import counted
from tests.workflow.registry import fill
from workflow import commands, queries, recall
from workflow.board import board
from workflow.case_lists import Filters, list_cases
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, Counter
from workflow.overview import overview

As = Callable[[Session, str], Actor]
COVER = {"title": "INOVASI YANG BARU SAJA MASUK", "category": "digital", "agency": "puskesmas-tanon-1"}


@pytest.fixture
def large(database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """A registry that counts as large, and has been looked at once."""
    monkeypatch.setattr(recall, "LARGE", 1)
    fill(database)
    with database.write() as session:
        session.add(Counter(prefix="INV-2022", last=1000))
    return database


def _total(database: Database, as_: As, clock: MovableClock, who: str = "endah", **filters: object) -> int:
    with database.read() as session:
        user = as_(session, who).user
        assert user is not None
        found = Filters(**filters)  # type: ignore[arg-type]
        total = list_cases(session, user, clock(), found).total
        if who == "endah":
            assert overview(session, user, clock(), found).total == total
        return total


def test_what_happens_is_counted_at_once(large: Database, as_: As, clock: MovableClock) -> None:
    before = _total(large, as_, clock)
    assert _total(large, as_, clock) == before

    with large.write() as session:
        commands.start(session, as_(session, "ani"), COVER)

    assert _total(large, as_, clock) == before + 1
    assert _total(large, as_, clock, "ani") == 1


def test_what_was_never_committed_is_not_remembered(large: Database, as_: As, clock: MovableClock) -> None:
    before = _total(large, as_, clock, category="digital")

    def begun_in_vain() -> None:
        with large.write() as session:
            commands.start(session, as_(session, "ani"), COVER)
            user = as_(session, "endah").user
            assert user is not None
            found = list_cases(session, user, clock(), Filters(category="digital"))
            assert found.total == before + 1
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        begun_in_vain()
    with large.write() as session:
        commands.start(session, as_(session, "ani"), {**COVER, "category": "non_digital"})

    assert _total(large, as_, clock, category="digital") == before


def test_a_deadline_makes_late_though_nothing_was_recorded(
    large: Database, as_: As, clock: MovableClock
) -> None:
    with large.write() as session:
        session.get_one(Case, 1).due_at = clock().replace(hour=16, minute=59)
    assert _total(large, as_, clock, late=True) == 0

    clock.now = clock().replace(hour=16, minute=59, second=1)

    assert _total(large, as_, clock, late=True) == 1


def test_a_list_asks_as_often_as_a_small_one_does(large: Database, as_: As, clock: MovableClock) -> None:
    with large.read() as session:
        user = as_(session, "endah").user
        assert user is not None
        with counted(large) as first:
            list_cases(session, user, clock(), Filters())
        list_cases(session, user, clock(), Filters())
        with counted(large) as again:
            list_cases(session, user, clock(), Filters())
    assert len(again) <= len(first)


def test_remembered_pages_show_what_happened_since(large: Database, as_: As, clock: MovableClock) -> None:
    def seen() -> tuple[list[str], list[str], list[str], int, dict[str, int]]:
        with large.read() as session:
            endah, ani = as_(session, "endah").user, as_(session, "ani").user
            assert endah is not None
            assert ani is not None
            filters = Filters(stage="pkp_proposal")
            listed = list_cases(session, endah, clock(), filters, sort="-created_at", limit=5)
            columns = board(session, endah, clock(), filters).columns
            drafts = next(column for column in columns if column.filters.state.endswith(".draft"))
            work = [case.title for case in queries.work_of(session, ani)]
            waiting, _unread = queries.waiting_for(session, ani)
            reached = queries.funnel(session)
            titles = ([case.title for case in held] for held in (listed.cases, drafts.cases))
            return next(titles), next(titles), work, waiting, reached

    before = seen()
    assert seen() == before
    clock.tick(minutes=1)
    with large.write() as session:
        commands.start(session, as_(session, "ani"), COVER)
    first, drafts, work, waiting, reached = seen()

    assert first == [COVER["title"], *before[0][:4]]
    assert drafts == [*before[1], COVER["title"]]
    assert (work, waiting) == ([COVER["title"]], 1)
    assert reached == before[4]
