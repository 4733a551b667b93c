"""Counts over a large registry, remembered until anything happens.

Everything that changes a case appends an event, so what was counted at a head of the chain is true as long as
that is the head. All deadlines end at 23.59 WIB, so what is late changes then. Small registries are
always counted anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import ColumnElement, Connection, Engine, Select, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.base import ExecutableOption

from workflow import policy
from workflow.calendar import wib_date
from workflow.models import Case, Chain, User

T = TypeVar("T")
LARGE, MOST = 5_000, 200
MINUTE = timedelta(minutes=1)


class _Memory:
    """What one process knows of one database, all of it counted at `head`."""

    def __init__(self) -> None:
        self.lock, self.large, self.head = Lock(), False, -1
        self.held: OrderedDict[Hashable, object] = OrderedDict()

    def at(self, head: int) -> OrderedDict[Hashable, object]:
        if self.head != head:
            self.head = head
            self.held.clear()
        return self.held


_memories: "WeakKeyDictionary[Engine | Connection, _Memory]" = WeakKeyDictionary()
_making = Lock()


def recall(session: Session, key: Hashable, size: Callable[[T], int], count: Callable[[], T]) -> T:
    """What `count` gives, or gave since the last event. `size` is how many cases it went over.

    Within a transaction that writes nothing is remembered: its events may never be committed.
    """
    memory = _memory(session)
    if memory is None or not memory.large:
        found = count()
        if memory is not None:
            memory.large = size(found) >= LARGE
        return found
    head = _head(session)
    with memory.lock:
        known = memory.at(head).get(key)
    if known is not None:
        return known  # type: ignore[return-value]  # what this key was kept with
    found = count()
    with memory.lock:
        if memory.head == head:
            memory.held[key] = found
            if len(memory.held) > MOST:
                memory.held.popitem(last=False)
    return found


def cases_of(
    session: Session,
    key: Hashable,
    query: Select[Case],
    seen: ColumnElement[bool],
    options: Sequence[ExecutableOption] = (),
) -> list[Case]:
    """The cases of a query; in a large registry by their remembered ids, and only those that are `seen`."""
    memory = _memory(session)
    if memory is None or not memory.large:
        return list(session.scalars(query.options(*options)))
    ids = recall(session, key, len, lambda: list(session.scalars(query.with_only_columns(Case.id))))
    # asked beside the rows: among the conditions it would lead SQLite to an index of all cases
    rows = session.execute(select(Case, seen).where(Case.id.in_(ids)).options(*options))
    found = {case.id: case for case, is_seen in rows if is_seen}
    return [found[each] for each in ids if each in found]


def and_head(session: Session, asked: ColumnElement[Any]) -> Any | None:  # noqa: ANN401
    """A value in one statement with the head, which is known from then on; None in a small registry."""
    memory = _memory(session)
    if memory is None or not memory.large:
        return None
    head, value = session.execute(select(Chain.position, asked).where(Chain.id == 1)).one()
    session.info["head"] = session.get_transaction(), head
    return value


def _memory(session: Session) -> _Memory | None:
    """What is known of this session's database; None where it writes."""
    bind = session.get_bind()
    if bind.get_execution_options().get("begin_write"):
        return None
    with _making:
        return _memories.setdefault(bind, _Memory())


def _head(session: Session) -> int:
    """Asked once in a transaction: what is counted later in it is at least as new."""
    at, head = session.info.get("head", (None, 0))
    if at is None or at is not session.get_transaction():
        head = session.scalar(select(Chain.position).where(Chain.id == 1)) or 0
        session.info["head"] = session.get_transaction(), head
    return int(head)


def sight(user: User) -> Hashable:
    """Everything about a person that decides which cases a list shows, events apart."""
    if user.global_roles & policy.SEE_EVERY_CASE:
        return "every case"
    return person(user)


def person(user: User) -> tuple[Hashable, ...]:
    """Everything about a person that decides what is theirs to do, events apart."""
    return user.id, user.global_roles, user.agency_id, user.heads_agency


def lateness(now: datetime) -> date:
    """The day as deadlines count it: the next begins when they end."""
    return wib_date(now + MINUTE)
