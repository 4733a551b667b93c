"""What a worker stands on: database, clock, settings and the way to say "this is due"."""

from collections.abc import Callable
from dataclasses import dataclass

from workflow.clock import Clock
from workflow.db import Database, Owed
from workflow.settings import Settings

Publish = Callable[[list[Owed]], None]


@dataclass(frozen=True)
class Office:
    """Handed to every job; opened once per process at the edge."""

    settings: Settings
    database: Database
    clock: Clock
