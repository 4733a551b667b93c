"""Time as something handed in: the real one, or one that a demo or a test can move."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

Clock = Callable[[], datetime]
"""Returns the present as an aware datetime in UTC."""

WIB = timezone(timedelta(hours=7), "WIB")
"""Waktu Indonesia Barat; Indonesia knows no daylight saving time."""


def system_clock() -> datetime:
    return datetime.now(UTC)


class Offset(Protocol):
    """How far a movable clock is from the real one; it may remember the answer for a moment."""

    def __call__(self) -> timedelta: ...

    def forget(self) -> None: ...


class ShiftedClock:
    """The real clock plus an offset that is read from outside, so that all processes move together."""

    def __init__(self, offset: Offset) -> None:
        self._offset = offset

    def refresh(self) -> None:
        """For whoever has just moved it and must not read the time of before."""
        self._offset.forget()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._offset()
