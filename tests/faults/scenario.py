"""One scenario: a fault as a function, and how its run is made and judged."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from tests.faults.load import Load
from tests.faults.stand import Stand
from tests.faults.verdict import Row, judge

QUIET_SECONDS = 240.0
POLL_SECONDS = 0.25
AGE_SECONDS = 1.5
"""Between two ageings, so that what they announce has time to be done."""


@dataclass(frozen=True)
class Pace:
    """How long things last, in seconds: the warming up, a fault, and the load after it."""

    before: float
    fault: float
    after: float
    ageing: bool

    def hold(self, share: float = 1.0) -> None:
        time.sleep(self.fault * share)


FULL = Pace(before=4.0, fault=8.0, after=4.0, ageing=False)
SHORT = Pace(before=0.4, fault=0.6, after=0.3, ageing=True)

S = TypeVar("S", bound=Stand)


@dataclass(frozen=True)
class Scenario(Generic[S]):
    """`fault` breaks something and mends it, and returns how often it really hit.

    `allows` names what may be left for a person afterwards: "unknown", "parked". `leaves` are columns of
    which at least one must show the fault. `unable` says why this machine cannot play it, if so.
    """

    name: str
    method: str
    fault: Callable[[S, Pace], int]
    allows: frozenset[str] = frozenset()
    leaves: frozenset[str] = frozenset()
    unable: Callable[[S], str] = lambda _stand: ""


def play(stand: S, scenarios: Sequence[Scenario[S]], pace: Pace) -> Row:
    """Load, the faults one after the other, load, silence, verdict."""
    row = Row(scenario=" ".join(scenario.name for scenario in scenarios))
    able = [scenario for scenario in scenarios if not scenario.unable(stand)]
    if not able:
        row.skipped = "; ".join(sorted({scenario.unable(stand) for scenario in scenarios}))
        return row
    started = time.monotonic()
    exits = {name: len(role.exits) for name, role in stand.supervisor.roles.items()}
    load = Load(stand)
    load.start()
    time.sleep(pace.before)
    hits = {scenario.name: scenario.fault(stand, pace) for scenario in able}
    mended, mended_at = time.monotonic(), datetime.now(UTC)
    time.sleep(pace.after)
    load.stop()
    numbers = list(load.ledger.by_case())
    recovered = _quiet(stand, numbers, pace, mended_at) - mended
    _quiet(stand, numbers, pace, None)
    judge(row, load.ledger, stand.database, stand.postbox)
    row.hits, row.recover = sum(hits.values()), max(recovered, 0.0)
    row.faults += [f"{name} never hit" for name, count in hits.items() if not count]
    _hold_to(row, able)
    _note_exits(row, stand, exits)
    row.seconds = time.monotonic() - started
    return row


def _hold_to(row: Row, scenarios: Sequence[Scenario[S]]) -> None:
    """Did the faults leave the traces they must, and no others?"""
    for scenario in scenarios:
        if scenario.leaves and not any(getattr(row, column) for column in scenario.leaves):
            row.faults.append(f"{scenario.name} left no trace in {', '.join(sorted(scenario.leaves))}")
    allowed = frozenset().union(*(scenario.allows for scenario in scenarios))
    for kind in {"unknown", "parked"} - allowed:
        row.faults += [f"{kind}, which no fault explains: {words}" for words in row.held[kind]]


def _note_exits(row: Row, stand: Stand, before: dict[str, int]) -> None:
    """Processes that ended by themselves are worth knowing of, though they were started again."""
    for name, role in stand.supervisor.roles.items():
        if ended := role.exits[before.get(name, 0) :]:
            row.notes.append(f"{name} ended by itself with {ended}")


def _quiet(stand: Stand, numbers: list[str], pace: Pace, before: datetime | None) -> float:
    """Wait until nothing (owed before a moment) is open; when that was."""
    wait_for(lambda: not stand.owed(numbers, before), stand, pace)
    return time.monotonic()


def wait_for(reached: Callable[[], bool], stand: Stand, pace: Pace) -> None:
    """Wait for something to become true, at most QUIET_SECONDS; in the short form back-offs are aged."""
    ends_at = time.monotonic() + QUIET_SECONDS
    aged_at = time.monotonic()
    while not reached() and time.monotonic() < ends_at:
        if pace.ageing and time.monotonic() - aged_at > AGE_SECONDS:
            stand.age()
            aged_at = time.monotonic()
        time.sleep(POLL_SECONDS)
