"""Wall clocks that jump and that disagree; the machine's own clock stays as it is.

A few lines of C stand between each process and its clock, so this needs a C compiler.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import ROLES, Distributed

HOUR = 3600
NO_COMPILER = "no C compiler on the PATH to shift clocks with"


@dataclass(frozen=True)
class Jump:
    """Move the clocks of these roles by so many seconds, and back again."""

    shifts: Mapping[str, int]

    def __call__(self, stand: Distributed, pace: Pace) -> int:
        for name, seconds in self.shifts.items():
            stand.shift_clock(name, seconds)
        if not pace.ageing:  # beat's next tick is up to 15 s away
            stand.expire_reminders(timedelta(seconds=HOUR))
        pace.hold(2.0)
        for name in self.shifts:
            stand.shift_clock(name, 0)
        pace.hold()
        return len(self.shifts)


def unable(stand: Distributed) -> str:
    return "" if stand.shift else NO_COMPILER


SCENARIOS = [
    Scenario(
        "clock-forward", "all clocks an hour ahead, and back", Jump(dict.fromkeys(ROLES, HOUR)), unable=unable
    ),
    Scenario(
        "clock-back",
        "all clocks an hour behind, and right again",
        Jump(dict.fromkeys(ROLES, -HOUR)),
        unable=unable,
    ),
    Scenario(
        "clocks-apart",
        "web an hour ahead, one worker an hour behind, one beat a minute ahead",
        Jump({"web": HOUR, "worker1": -HOUR, "beat1": 60}),
        unable=unable,
    ),
]
