"""A worker and a beat as processes of their own, for runs that want the distributed profile whole."""

import os
import subprocess
import sys
from typing import IO

from workflow.settings import Settings

STOP_SECONDS = 30


class Fleet:
    """Started with the settings as environment; ended by id, children included."""

    def __init__(
        self,
        settings: Settings,
        workers: int = 1,
        concurrency: int = 2,
        log: IO[bytes] | None = None,
    ) -> None:
        self._environment = {**os.environ, **settings.environment()}
        self._workers, self._concurrency = workers, concurrency
        self._log = log
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        common = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        for number in range(self._workers):
            self._spawn(
                "worker",
                "-n",
                f"w{number}@%h",
                "-c",
                str(self._concurrency),
                "-l",
                "WARNING",
                *common,
            )
        self._spawn("beat", "-l", "WARNING")

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes.clear()

    def _spawn(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "celery", "-A", "workers.app", *arguments]
        output = self._log or subprocess.DEVNULL
        self.processes.append(
            subprocess.Popen(command, env=self._environment, stdout=output, stderr=output)  # noqa: S603
        )
