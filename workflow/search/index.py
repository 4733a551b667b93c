"""Keeping the index true: what changes a case's text changes its row, in the same transaction."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from sqlalchemy import CursorResult, event, inspect, select, update
from sqlalchemy.orm import Session, UOWTransaction

from workflow.db import Database
from workflow.models import Case, Participant, SearchDocument, User
from workflow.search.document import PEOPLE, fields

TEXTS = ("title", "forms", "number", "agency", "agency_id", "cohort", "cohort_id")
CHUNK = 200


def follow() -> None:
    """Have every session of this process keep the index. Called once, by `workflow.commands`."""
    if not event.contains(Session, "before_flush", _before_flush):
        event.listen(Session, "before_flush", _before_flush)


def _before_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
    """Words are analysed here, before the head of the chain is locked, and only where they changed."""
    with session.no_autoflush:
        for case in _touched(session):
            _write(session, case)


def _touched(session: Session) -> list[Case]:
    found: dict[Case, None] = {}
    for row in [*session.new, *session.dirty]:
        if isinstance(row, Case) and _changed(row, TEXTS):
            found[row] = None
        elif isinstance(row, Participant) and row.role in PEOPLE and row.case is not None:
            found[row.case] = None
        elif isinstance(row, User) and row in session.dirty and _changed(row, ("name",)):
            found |= dict.fromkeys(_cases_of(session, row))
    return list(found)


def _changed(row: object, names: Iterable[str]) -> bool:
    state = inspect(row)
    return any(state.attrs[name].history.has_changes() for name in names)


def _cases_of(session: Session, user: User) -> Iterable[Case]:
    held = select(Participant.case_id).where(Participant.user_id == user.id, Participant.role.in_(PEOPLE))
    return session.scalars(select(Case).where(Case.id.in_(held))).unique()


def _write(session: Session, case: Case) -> None:
    """One statement where the case has a row already: a submission counts them."""
    if inspect(case).persistent:
        row = update(SearchDocument).where(SearchDocument.case_id == case.id)
        changed = session.execute(row.values(fields(case)), execution_options={"synchronize_session": False})
        if cast("CursorResult[Any]", changed).rowcount:
            return
    session.add(SearchDocument(case=case, **fields(case)))


def rebuild(database: Database, progress: Callable[[int], None] = lambda _n: None) -> int:
    """Make every row anew, some at a time and beside running work; how many cases there are."""
    return _write_all(database, progress, missing=False)


def complete(database: Database, progress: Callable[[int], None] = lambda _n: None) -> int:
    """Make the rows that are missing, as after an upgrade from before the index; how many."""
    return _write_all(database, progress, missing=True)


def _write_all(database: Database, progress: Callable[[int], None], *, missing: bool) -> int:
    last = total = 0
    while True:
        with database.write() as session:
            cases = _after(session, last, missing=missing)
            for case in cases:
                _write(session, case)
        if not cases:
            return total
        last, total = cases[-1].id, total + len(cases)
        progress(len(cases))


def check(session: Session) -> list[str]:
    """The numbers of the cases whose row is not what their text says."""
    last, wrong = 0, []
    while cases := _after(session, last):
        rows = select(SearchDocument).where(SearchDocument.case_id.in_([c.id for c in cases]))
        held = {row.case_id: row for row in session.scalars(rows)}
        for case in cases:
            row = held.get(case.id)
            if row is None or any(getattr(row, name) != value for name, value in fields(case).items()):
                wrong.append(case.number)
        last = cases[-1].id
        session.expunge_all()
    return wrong


def _after(session: Session, last: int, *, missing: bool = False) -> list[Case]:
    query = select(Case).where(Case.id > last).order_by(Case.id).limit(CHUNK)
    if missing:
        query = query.where(Case.id.not_in(select(SearchDocument.case_id)))
    return list(session.scalars(query))
