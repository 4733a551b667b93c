"""Wall clocks that jump and that disagree; the machine's own clock stays as it is.

A few lines of C stand between each process and its clock, so this needs a C compiler.
"""

from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import BEATS, WORKERS, Distributed

HOUR = 3600
NO_COMPILER = "no C compiler on the PATH to shift clocks with"


def _jump(seconds: int) -> "Jump":
    return Jump(dict.fromkeys(("web", *WORKERS, *BEATS), seconds))


class Jump:
    """Move the clocks of these roles, and back again."""

    def __init__(self, shifts: dict[str, int]) -> None:
        self._shifts = shifts

    def __call__(self, stand: Distributed, pace: Pace) -> int:
        for name, seconds in self._shifts.items():
            stand.shift_clock(name, seconds)
        stand.expire_reminders()
        pace.hold(2.0)
        for name in self._shifts:
            stand.shift_clock(name, 0)
        pace.hold()
        return len(self._shifts)


def unable(stand: Distributed) -> str:
    return "" if stand.shift else NO_COMPILER


SCENARIOS = [
    Scenario("clock-forward", "all clocks an hour ahead, and back", _jump(HOUR), unable=unable),
    Scenario("clock-back", "all clocks an hour behind, and right again", _jump(-HOUR), unable=unable),
    Scenario(
        "clocks-apart",
        "web an hour ahead, one worker an hour behind, one beat a minute ahead",
        Jump({"web": HOUR, "worker1": -HOUR, "beat1": 60}),
        unable=unable,
    ),
]
