"""PostgreSQL and Redis that can be stopped, killed, frozen and started again with the same data."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL, Signals

from tests import servers
from tests.servers import GUARD, HOST, START_SECONDS, ServerFailed, free_port, until

ROOM, ROOM_SIZE = "loncatan-faults-", "900m"
POSTGRES = servers.FAST_POSTGRES | {
    "synchronous_commit": "on",  # acknowledged means durable, also when the server is shot
    "max_connections": "60",
}
REDIS = ("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--protected-mode", "no")
NAMESPACES = "198.18.0.0/15"
"""Addresses set aside for benchmarks (RFC 2544); here those of network namespaces on this machine."""


def log_of(folder: Path) -> Path:
    """Beside the folder, not in it: a full disk must not silence it."""
    return folder.with_name(f"{folder.name}.log")


class Server:
    """One server process behind a guard; `pidfile` tells whom a signal is for."""

    def __init__(self, command: list[str], folder: Path, pidfile: Path, answers: Callable[[], bool]) -> None:
        self._command, self._folder, self._pidfile, self._answers = command, folder, pidfile, answers
        self._guard: subprocess.Popen[bytes] | None = None
        self.log = log_of(folder)

    @property
    def pid(self) -> int:
        return int(self._pidfile.read_text().split()[0])

    def start(self) -> None:
        """Start it and wait until it answers. Raises ServerFailed."""
        who = servers.ordinary_user()
        with self.log.open("ab") as output:
            self._guard = subprocess.Popen(
                [sys.executable, GUARD, self._folder, "-" if who is None else str(who), *self._command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        if not until(self._answers, START_SECONDS):
            raise ServerFailed(self.log.read_text()[-2000:])

    def signal(self, number: Signals) -> None:
        os.kill(self.pid, number)

    def stop(self, number: Signals = SIGKILL) -> None:
        """End the server itself; its folder stays for the next start."""
        guard, self._guard = self._guard, None
        self.signal(number)
        if guard is not None:
            guard.wait(START_SECONDS)
            guard.communicate()

    def revive(self) -> None:
        """Start it where it has ended by itself, and wait until it answers."""
        if self._guard is None or self._guard.poll() is not None:
            self.start()
        elif not until(self._answers, START_SECONDS):
            raise ServerFailed(self.log.read_text()[-2000:])

    def close(self) -> None:
        """End it for good; the guard removes the folder."""
        if self._guard is not None:
            self._guard.communicate()
            self._guard = None


@contextmanager
def postgres(folder: Path, host: str = HOST) -> Iterator[tuple[Server, str]]:
    """A PostgreSQL in a folder of its own, and its URL; it listens on `host` as well as on loopback."""
    programs, data, port = servers.postgres_programs(folder), folder / "data", free_port()
    servers.run(str(programs / "initdb"), "-D", str(data), *servers.INITDB)
    with (data / "pg_hba.conf").open("a") as hba:
        hba.write(f"host all all {NAMESPACES} trust\n")
    listens = {"listen_addresses": ",".join({HOST, host})}
    settings = [f"--{name}={value}" for name, value in (POSTGRES | listens).items()]
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), *settings]
    url = f"postgresql://postgres@{HOST}:{port}/postgres"
    server = Server(command, folder, data / "postmaster.pid", lambda: servers.postgres_answers(url))
    server.start()
    try:
        yield server, url
    finally:
        server.close()


@contextmanager
def redis(folder: Path, host: str = HOST) -> Iterator[tuple[Server, str]]:
    """A Redis without persistence in a folder of its own, and its URL."""
    port, pidfile = free_port(), folder / "pid"
    command = [servers.redis_program(), "--port", str(port), "--dir", str(folder), *REDIS]
    command += ["--pidfile", str(pidfile), "--bind", *{HOST, host}]
    server = Server(command, folder, pidfile, lambda: servers.redis_answers(port))
    server.start()
    try:
        yield server, f"redis://{HOST}:{port}/0"
    finally:
        server.close()


@contextmanager
def room(size: str = ROOM_SIZE) -> Iterator[tuple[Path, bool]]:
    """A folder for a server, and whether it is a small disk of its own that can be filled up."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{ROOM}{os.getpid()}-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    own = os.getuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    if (who := servers.ordinary_user()) is not None:
        os.chown(folder, who, who)
    try:
        yield folder, own
    finally:
        _clear(folder)


def _sweep() -> None:
    """Clear the rooms of runs that were shot."""
    for folder in Path(tempfile.gettempdir()).glob(f"{ROOM}*-*"):
        if folder.is_dir() and not alive(int(folder.name.removeprefix(ROOM).partition("-")[0])):
            _clear(folder)


def alive(pid: int) -> bool:
    """Whether a process with this id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _clear(folder: Path) -> None:
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
    shutil.rmtree(folder, ignore_errors=True)
    log_of(folder).unlink(missing_ok=True)
