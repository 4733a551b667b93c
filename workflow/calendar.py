"""Working days of Indonesian government offices: Monday to Friday without national days and joint leave.

A library knows the days of the decrees; the regency's own edits of them are told to this module by
`workflow.office_days`, which reads them where periods are computed.
"""

from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from itertools import accumulate

import holidays

from workflow.clock import WIB

END_OF_DAY = time(23, 59)
SATURDAY = 5
MORNING = time(8, 0)


Edits = frozenset[tuple[date, str | None]]
"""Days that differ from the library's: with a name they are off, without one they are worked on."""

_known: Edits = frozenset()
_trial: ContextVar[Edits | None] = ContextVar("trial", default=None)


def use(edits: Edits) -> None:
    """Count by these edits from now on, in this process."""
    global _known  # noqa: PLW0603 - the calendar is one for all who count
    _known = edits


@contextmanager
def counting_by(edits: Edits) -> Iterator[None]:
    """Count by these edits within the block and nowhere else: they may yet be taken back."""
    token = _trial.set(edits)
    try:
        yield
    finally:
        _trial.reset(token)


def is_trial() -> bool:
    return _trial.get() is not None


def days_off(year: int) -> dict[date, str]:
    """National holidays (SKB three ministers) and joint leave (cuti bersama) of a year, with their names."""
    return _days_off(year, _edits())


def shipped_days(year: int) -> dict[date, str]:
    """The same as the library has them, without the regency's edits."""
    return _days_off(year, frozenset())


def _edits() -> Edits:
    trial = _trial.get()
    return _known if trial is None else trial


@lru_cache(maxsize=256)
def _days_off(year: int, edits: Edits) -> dict[date, str]:
    found = dict(_library(year))
    for day, name in edits:
        if day.year == year and name is not None:
            found[day] = name
        elif day.year == year:
            found.pop(day, None)
    return found


@cache
def _library(year: int) -> dict[date, str]:
    known = holidays.country_holidays("ID", years=year, categories=("public", "government"), language="id")
    return dict(known.items())


def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in days_off(day.year)


def add_working_days(day: date, count: int) -> date:
    """The working day `count` working days after `day` (before it, where negative)."""
    step = timedelta(days=1 if count >= 0 else -1)
    remaining = abs(count)
    while remaining:
        day += step
        remaining -= is_working_day(day)
    return day


def add_months(day: date, count: int) -> date:
    """The same day `count` months later, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def next_working_day(day: date) -> date:
    """The day itself, or the first working day after it."""
    return add_working_days(day - timedelta(days=1), 1)


def working_days_between(start: date, end: date) -> int:
    """How many working days lie after `start`, up to and including `end`; negative if `end` is earlier."""
    if end < start:
        return -working_days_between(end, start)
    edits = _edits()
    whole_years = sum(_counts(year, edits)[-1] for year in range(start.year, end.year))
    until, before = _counts(end.year, edits), _counts(start.year, edits)
    return whole_years + until[_of_year(end)] - before[_of_year(start)]


def wib_date(moment: datetime) -> date:
    return moment.astimezone(WIB).date()


def month_of(text: str) -> tuple[datetime, datetime]:
    """The moments (WIB) at which a month "2022-09" begins and the next one does. Raises ValueError."""
    first = date.fromisoformat(f"{text}-01")
    start, end = (datetime.combine(day, time(), WIB) for day in (first, add_months(first, 1)))
    return start.astimezone(UTC), end.astimezone(UTC)


def end_of(day: date) -> datetime:
    """23.59 WIB, when a period ends."""
    return datetime.combine(day, END_OF_DAY, WIB).astimezone(UTC)


def morning_of(day: date) -> datetime:
    """08.00 WIB, when reminders go out."""
    return datetime.combine(day, MORNING, WIB).astimezone(UTC)


@lru_cache(maxsize=256)
def _counts(year: int, edits: Edits) -> tuple[int, ...]:
    """How many working days a year has had by the end of each of its days; 0 before the first."""
    first = date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range(_of_year(date(year, 12, 31))))
    off = _days_off(year, edits)
    return tuple(accumulate((day.weekday() < SATURDAY and day not in off for day in days), initial=0))


def _of_year(day: date) -> int:
    return day.timetuple().tm_yday
