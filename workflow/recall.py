"""Counts over a large registry, remembered until anything happens.

Everything that changes a case appends an event, so what was counted at a head of the chain is true as long as
that is the head. All deadlines end at 23.59 WIB, so what is late changes then. Small registries are
always counted anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import date, datetime, timedelta
from threading import Lock
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from workflow.calendar import wib_date
from workflow.models import Chain, User

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
    bind = session.get_bind()
    if bind.get_execution_options().get("begin_write"):
        return count()
    with _making:
        memory = _memories.setdefault(bind, _Memory())
    if not memory.large:
        found = count()
        memory.large = size(found) >= LARGE
        return found
    head = session.scalar(select(Chain.position).where(Chain.id == 1)) or 0
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


def sight(user: User) -> Hashable:
    """Everything about a person that decides which cases a list shows, events apart."""
    return user.id, user.global_roles, user.agency_id, user.heads_agency


def lateness(now: datetime) -> date:
    """The day as deadlines count it: the next begins when they end."""
    return wib_date(now + MINUTE)
