"""Killing at named points. A point is a pattern on a wire: whoever waits for its answer is shot there."""

import os
from dataclasses import dataclass
from signal import SIGKILL

from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import BEATS, READY_SECONDS, WORKERS, Distributed
from tests.servers import until

WEB = ("web",)
TAKEN = ("UPDATE jobs SET .*attempts=", "COMMIT", "FROM jobs.* FOR UPDATE")
EFFECT, DONE = "INSERT INTO emails", "UPDATE jobs SET .*done_at="
MARK = "UPDATE emails SET .*done_at="
LOOK = "FROM jobs.* ORDER BY"


@dataclass(frozen=True)
class Shot:
    """Each of the roles, when these patterns have passed on its wire; `hits` how many came to the point.

    `whom` are words in the command line of those children that die alone; none means all of them and
    the role itself.
    """

    roles: tuple[str, ...]
    wire: str
    point: tuple[str, ...]
    whom: str = ""

    def __call__(self, stand: Distributed, pace: Pace) -> int:
        hits = sum(self._shoot(stand, name) for name in self._targets(stand, pace))
        until(stand.ready, READY_SECONDS)
        return hits

    def _targets(self, stand: Distributed, pace: Pace) -> tuple[str, ...]:
        """All of them; in the short form the first that is up again after the last shot."""
        if not pace.ageing or self.roles == WEB:
            return self.roles
        until(lambda: any(map(stand.working, self.roles)), READY_SECONDS)
        return tuple(filter(stand.working, self.roles))[:1]

    def _shoot(self, stand: Distributed, name: str) -> int:
        with stand.wires[name].named(self.wire).trapped(*self.point) as trap:
            came = trap.wait()
            if not self.whom:
                stand.kill(name)
            for child in stand.children(name, self.whom) if self.whom else ():
                os.kill(child, SIGKILL)
        return int(came)


@dataclass(frozen=True)
class Break:
    """The connection that has come to the point breaks; nobody dies."""

    roles: tuple[str, ...]
    point: tuple[str, ...]

    def __call__(self, stand: Distributed, _pace: Pace) -> int:
        hits = 0
        for name in self.roles:
            with stand.wires[name].sql.trapped(*self.point) as trap:
                hits += trap.wait()
        return hits


def beats(stand: Distributed, pace: Pace) -> int:
    """Both at once, while reminders fall due: as soon as somebody holds a case that has one."""
    stand.kill(*BEATS)
    pace.hold()
    return until(lambda: stand.expire_reminders() > 0, READY_SECONDS)


UNKNOWN = frozenset({"unknown"})
IN_DOUBT = frozenset({"unknown", "repeated"})
SCENARIOS = [
    Scenario("web-before-commit", "kill -9 of web's children: event written, not committed",
             Shot(WEB, "sql", ("INSERT INTO events", "COMMIT"), whom="gunicorn")),
    Scenario("web-before-bell", "kill -9 of web: committed, the bell not yet rung",
             Shot(WEB, "redis", ("LPUSH",))),
    Scenario("worker-before-handler", "kill -9 of both workers: job taken, handler not begun",
             Shot(WORKERS, "sql", TAKEN), UNKNOWN),
    Scenario("worker-before-done", "kill -9 of both workers: mails written, job not yet done",
             Shot(WORKERS, "sql", (EFFECT, DONE)), UNKNOWN),
    Scenario("worker-before-mark", "kill -9 of both workers: SMTP said 250, not yet marked",
             Shot(WORKERS, "sql", (MARK,)), UNKNOWN, leaves=IN_DOUBT),
    Scenario("worker-child", "kill -9 of the workers' children alone, job half done",
             Shot(WORKERS, "sql", (EFFECT, DONE), whom="celery"), UNKNOWN),
    Scenario("worker-no-mark", "the database connection breaks between SMTP's 250 and the mark",
             Break(WORKERS, (MARK,))),
    Scenario("relay", "kill -9 of both relays in the middle of a look",
             Shot(WORKERS, "sql", (LOOK,), whom="workers.relay"), UNKNOWN),
    Scenario("beat", "kill -9 of both beats, reminders fall due", beats),
]  # fmt: skip
