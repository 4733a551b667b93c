"""What the load asked for and what it was told: the only witness that is no part of the system."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any


@dataclass
class Command:
    """One wish and its fate. `what` is the event's name or its transition's; `sent` what people wrote."""

    case: str
    what: str
    sent: dict[str, Any]
    asked_at: float
    answered_at: float | None = None
    status: int = 0
    tries: int = 0
    slowest: float = 0.0
    """Seconds of its longest single request."""

    @property
    def acknowledged(self) -> bool:
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """A definite no, which no fault may cause."""
        return 400 <= self.status < 500


@dataclass
class Ledger:
    """Filled by the threads of a load, read by the verdict."""

    commands: list[Command] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    """Answers that no part of the API promises."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, command: Command) -> Command:
        with self._lock:
            self.commands.append(command)
        return command

    def complain(self, what: str) -> None:
        with self._lock:
            self.unexpected.append(what)

    def by_case(self) -> dict[str, list[Command]]:
        cases: dict[str, list[Command]] = defaultdict(list)
        for command in self.commands:
            if command.case:
                cases[command.case].append(command)
        return cases

    def acknowledged(self) -> list[Command]:
        return [command for command in self.commands if command.acknowledged]

    def longest_stall(self) -> float:
        """The longest time without any acknowledgement, in seconds."""
        moments = sorted(c.answered_at for c in self.acknowledged() if c.answered_at is not None)
        gaps = (b - a for a, b in pairwise(moments))
        return max(gaps, default=0.0)
