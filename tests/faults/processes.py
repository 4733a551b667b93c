"""The processes of a stand: each the head of a group of its own, ended by id and revived when it dies."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 15.0
LOOK_SECONDS = 0.2
UNDERTAKER = """
import os, signal, sys
groups = [int(line) for line in sys.stdin]
for group in groups:
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass
"""


class Undertaker:
    """Ends all groups it was told of once this process is gone, however that happens."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", UNDERTAKER], stdin=subprocess.PIPE, text=True, start_new_session=True
        )

    def knows(self, group: int) -> None:
        if self._process.stdin is not None:
            self._process.stdin.write(f"{group}\n")
            self._process.stdin.flush()

    def close(self) -> None:
        self._process.communicate()


@dataclass
class Role:
    """One process of the system and how it is started; `down` keeps the supervisor from reviving it."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    cwd: Path | None = None
    down: bool = False
    process: subprocess.Popen[bytes] | None = None
    began: int = 0
    exits: list[int] = field(default_factory=list)
    """Exit statuses of ends that nobody ordered."""

    def start(self, undertaker: Undertaker) -> None:
        with self.log.open("ab") as output:
            self.began = output.tell()
            self.process = subprocess.Popen(
                self.command,
                env={**os.environ, **self.environment},
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        undertaker.knows(self.process.pid)

    def has_said(self, words: str) -> bool:
        """Whether it has printed this since it was started last."""
        with self.log.open(errors="replace") as log:
            log.seek(self.began)
            return words in log.read()

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """To the whole group: the machine of this role."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """SIGKILL to the process and to everything it started."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(STOP_SECONDS)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """The orderly end: SIGTERM to the process itself, and to the group only what is left."""
        self.down = True
        if self.process is None:
            return
        if self.alive:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.kill()


class Supervisor:
    """Starts again whatever has ended, as a service manager does."""

    def __init__(self, undertaker: Undertaker) -> None:
        self.roles: dict[str, Role] = {}
        self.undertaker = undertaker
        self._expected: set[str] = set()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._thread.start()

    def add(self, role: Role) -> Role:
        role.start(self.undertaker)
        with self._lock:
            self.roles[role.name] = role
        return role

    def kill(self, name: str) -> None:
        """SIGKILL; the supervisor starts it again, and does not count this end as unexpected."""
        with self._lock:
            self.roles[name].kill()
            self.roles[name].start(self.undertaker)

    def remove(self, name: str) -> None:
        with self._lock:
            role = self.roles.pop(name)
        role.stop()

    def close(self) -> None:
        """End all roles at once, in order; may be called twice."""
        self._stop.set()
        self._thread.join()
        for role in self.roles.values():
            role.signal(signal.SIGCONT)
            role.down = True
            if role.process is not None:
                role.process.terminate()
        for role in self.roles.values():
            role.stop()

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            with self._lock:
                for role in self.roles.values():
                    if not role.down and not role.alive:
                        if role.process is not None:
                            role.exits.append(role.process.returncode)
                        role.start(self.undertaker)
