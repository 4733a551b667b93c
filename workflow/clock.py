"""Time as something handed in: the real one, or one that a demo or a test can move."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

Clock = Callable[[], datetime]
"""Returns the present as an aware datetime in UTC."""

WIB = timezone(timedelta(hours=7), "WIB")
"""Waktu Indonesia Barat; Indonesia knows no daylight saving time."""


def system_clock() -> datetime:
    return datetime.now(UTC)


class ShiftedClock:
    """The real clock plus an offset that `offset` reads afresh, so that all processes move together."""

    def __init__(self, offset: Callable[[], timedelta]) -> None:
        self._offset = offset

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._offset()
