"""Is the record unaltered? The chain, recomputed event by event."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Text, func, select, type_coerce
from sqlalchemy.orm import Session

from workflow.fold import differences
from workflow.ledger import GENESIS, form, sha256
from workflow.models import Chain, Event

__all__ = ["Mark", "Verdict", "differences", "head", "verify"]

BATCH = 2000


def quiet(_done: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Mark:
    """A place in the chain: the hash that the event at this position has."""

    position: int
    hash: str


START = Mark(0, GENESIS)


@dataclass(frozen=True)
class Verdict:
    """The result of a verification: how far the chain holds, and the first fault if it does not."""

    events: int
    fault: str | None = None
    event_id: int | None = None

    @property
    def intact(self) -> bool:
        return self.fault is None


def head(session: Session) -> tuple[Mark, int]:
    """Where the chain says it ends, and the last position there is: one look at both."""
    last = select(func.max(Event.id)).scalar_subquery()
    row = session.execute(select(Chain.position, Chain.hash, last).where(Chain.id == 1)).one()
    return Mark(row[0], row[1]), row[2] or 0


def verify(
    session: Session,
    since: Mark = START,
    marks: Iterable[Mark] = (),
    progress: Callable[[int], None] = quiet,
) -> Verdict:
    """Recompute the chain after `since`; names the first altered, missing or reordered event.

    `marks` are heads that left the database when they were the newest: a suffix that was rewritten
    consistently does not meet them; what is named then is the first event after the last mark that
    holds. Needs constant memory; `progress` hears how many events are done.
    """
    end, last = head(session)
    known = sorted(marks, key=lambda mark: mark.position)
    position, previous, anchored = since.position, since.hash, 0
    for mark in (mark for mark in known if mark.position <= position):
        if session.scalar(select(Event.hash).where(Event.id == mark.position)) != mark.hash:
            return _rewritten(anchored, mark.position)
        anchored = mark.position
    coming = deque(mark for mark in known if mark.position > position)
    for batch in _batches(session, position, end.position):
        for row in batch:
            fault = _fault(row, position + 1, previous)
            if fault:
                return Verdict(position, fault, row.id)
            previous, position = row.hash, position + 1
            while coming and coming[0].position == position:
                if coming.popleft().hash != previous:
                    return _rewritten(anchored, position)
                anchored = position
        progress(len(batch))
    return _ending(Mark(position, previous), end, last, coming)


def _rewritten(anchored: int, position: int) -> Verdict:
    fault = f"peristiwa ke-{anchored + 1} sampai ke-{position} tidak sesuai dengan jangkar: ditulis ulang"
    return Verdict(anchored, fault, anchored + 1)


def _ending(reached: Mark, end: Mark, last: int, coming: deque[Mark]) -> Verdict:
    if reached != end or last != end.position:
        fault = f"ujung rantai menyebut peristiwa ke-{end.position}, tercatat {max(last, reached.position)}"
        return Verdict(reached.position, fault, reached.position + 1)
    if coming:
        fault = f"jangkar menyebut peristiwa ke-{coming[0].position}, rantai berakhir pada {end.position}"
        return Verdict(reached.position, fault, reached.position + 1)
    return Verdict(reached.position)


def _fault(row: Row[Any], position: int, previous: str) -> str | None:
    if row.id != position:
        return f"peristiwa ke-{position} hilang"
    if row.previous_hash != previous:
        return "tidak bersambung dengan peristiwa sebelumnya"
    if row.content is not None and sha256(row.content) != row.content_hash:
        return "isi peristiwa berubah"
    if sha256(form(row, row.data)) != row.hash:
        return "data peristiwa berubah"
    return None


def _batches(session: Session, after: int, until: int) -> Iterator[Sequence[Any]]:
    """What `form` takes, JSON as the text it is stored as, and what is compared with it."""
    query = select(
        Event.id,
        Event.case_id,
        Event.seq,
        Event.name,
        Event.actor_id,
        Event.role,
        Event.at,
        type_coerce(Event.data, Text).label("data"),
        Event.content_hash,
        Event.previous_hash,
        Event.hash,
        type_coerce(Event.content, Text).label("content"),
    ).order_by(Event.id)
    while batch := session.execute(query.where(Event.id > after, Event.id <= until).limit(BATCH)).all():
        yield batch
        after = batch[-1].id
