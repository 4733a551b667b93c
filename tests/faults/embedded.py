"""The embedded profile: one process on SQLite, shot, locked out and without disk, under load."""

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tests.faults import servers
from tests.faults.data import BALLAST, fill
from tests.faults.processes import Role
from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import READY_SECONDS, Stand, furnish, mail_server, opened, supervised
from tests.servers import HOST, ServerFailed, free_port, until
from workflow.settings import Settings

UP = "up"


@contextmanager
def embedded(logs: Path | None = None) -> Iterator[Stand]:
    """`loncatan up` beside a mail server, its data on a small disk where that can be had."""
    with ExitStack() as stack:
        folder = logs or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loncatan-stand-")))
        folder.mkdir(parents=True, exist_ok=True)
        disk, small = stack.enter_context(servers.room("64m"))
        postbox = stack.enter_context(mail_server())
        settings = Settings(var=disk, smtp_url=f"smtp://{HOST}:{postbox.port}", port=free_port())
        made = Stand(
            folder=folder,
            disk=disk,
            small_disk=small,
            database=stack.enter_context(opened(settings.database)),
            settings=settings,
            postbox=postbox,
            supervisor=stack.enter_context(supervised()),
            web_ports=[settings.port],
        )
        furnish(made)
        command = [sys.executable, "-m", "web.cli", "up"]
        made.supervisor.add(Role(UP, command, settings.environment(), folder / f"{UP}.log"))
        if not until(made.ready, READY_SECONDS):
            raise ServerFailed(made.log(UP)[-3000:])
        yield made


def shot(stand: Stand, pace: Pace) -> int:
    """SIGKILL under load, three times in the long form."""
    times = 1 if pace.ageing else 3
    for _ in range(times):
        stand.kill(UP)
        until(stand.ready, READY_SECONDS)
        pace.hold(0.5)
    return times


def locked(stand: Stand, pace: Pace) -> int:
    """Another process sits on the write lock."""
    with closing(sqlite3.connect(stand.disk / "loncatan.db", timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        pace.hold(2.0)
        other.execute("ROLLBACK")
    return 1


def disk_full(stand: Stand, pace: Pace) -> int:
    """No space left where the database lies."""
    ballast = stand.disk / BALLAST
    fill(ballast)
    hit = until(lambda: _refuses(stand), 20)
    pace.hold(2.0)
    ballast.unlink()
    return int(hit)


def _refuses(stand: Stand) -> bool:
    """Whether the database says that its disk is full; what is tried leaves no trace."""
    with closing(sqlite3.connect(stand.disk / "loncatan.db", timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            other.execute("CREATE TABLE ballast AS SELECT randomblob(4000000) AS bytes")
        except sqlite3.OperationalError as fault:
            return "full" in str(fault)
        finally:
            if other.in_transaction:
                other.execute("ROLLBACK")
    return False


def needs_small_disk(stand: Stand) -> str:
    return "" if stand.small_disk else "filling a disk needs one of its own: root, to mount a tmpfs"


UNKNOWN = frozenset({"unknown"})
SCENARIOS = [
    Scenario("embedded-shot", "kill -9 of `loncatan up` under load, three times", shot, UNKNOWN),
    Scenario("sqlite-locked", "another process holds SQLite's write lock", locked),
    Scenario("sqlite-disk-full", "no space left on SQLite's disk", disk_full, unable=needs_small_disk),
]
