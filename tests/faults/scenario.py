"""One scenario: a fault as a function, and how its run is made and judged."""

import time
from collections.abc import Callable
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
    per_second: float = 12.0


def play(stand: S, scenario: Scenario[S], pace: Pace) -> Row:
    """Load, fault, load, silence, verdict."""
    if reason := scenario.unable(stand):
        return Row(scenario=scenario.name, skipped=reason)
    started = time.monotonic()
    exits = {name: len(role.exits) for name, role in stand.supervisor.roles.items()}
    load = Load(stand, per_second=scenario.per_second)
    load.start()
    time.sleep(pace.before)
    hits = scenario.fault(stand, pace)
    mended, mended_at = time.monotonic(), datetime.now(UTC)
    time.sleep(pace.after)
    load.stop()
    numbers = list(load.ledger.by_case())
    recovered = _quiet(stand, numbers, pace, mended_at) - mended
    _quiet(stand, numbers, pace, None)
    row = judge(load.ledger, stand.database, stand.postbox)
    row.scenario, row.hits, row.recover = scenario.name, hits, max(recovered, 0.0)
    _hold_to(row, scenario)
    _note_exits(row, stand, exits)
    row.seconds = time.monotonic() - started
    return row


def _hold_to(row: Row, scenario: Scenario[S]) -> None:
    """Did the fault hit, did it leave the traces it must, and no others?"""
    if not row.hits:
        row.faults.append("the fault never hit")
    if scenario.leaves and not any(getattr(row, column) for column in scenario.leaves):
        row.faults.append(f"the fault left no trace in {', '.join(sorted(scenario.leaves))}")
    for kind in ("unknown", "parked"):
        if kind not in scenario.allows:
            row.blame(getattr(row, kind), f"{kind}, which this fault does not explain")


def _note_exits(row: Row, stand: Stand, before: dict[str, int]) -> None:
    """Processes that ended by themselves are worth knowing of, though they were started again."""
    for name, role in stand.supervisor.roles.items():
        if ended := role.exits[before.get(name, 0) :]:
            row.notes.append(f"{name} ended by itself with {ended}")


def _quiet(stand: Stand, numbers: list[str], pace: Pace, before: datetime | None) -> float:
    """Wait until nothing (owed before a moment) is open; when that was."""
    ends_at = time.monotonic() + QUIET_SECONDS
    aged_at = time.monotonic()
    while stand.owed(numbers, before) and time.monotonic() < ends_at:
        if pace.ageing and time.monotonic() - aged_at > AGE_SECONDS:
            stand.age()
            aged_at = time.monotonic()
        time.sleep(POLL_SECONDS)
    return time.monotonic()
