"""Working days of Indonesian government offices: Monday to Friday without national days and joint leave."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate

import holidays

from workflow.clock import WIB

END_OF_DAY = time(23, 59)
SATURDAY = 5
MORNING = time(8, 0)


@cache
def days_off(year: int) -> dict[date, str]:
    """National holidays (SKB three ministers) and joint leave (cuti bersama) of a year, with their names."""
    return dict(
        holidays.country_holidays(
            "ID", years=year, categories=("public", "government"), language="id"
        ).items()
    )


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
    whole_years = sum(_counts(year)[-1] for year in range(start.year, end.year))
    return whole_years + _counts(end.year)[_of_year(end)] - _counts(start.year)[_of_year(start)]


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


@cache
def _counts(year: int) -> tuple[int, ...]:
    """How many working days a year has had by the end of each of its days; 0 before the first."""
    first = date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range(_of_year(date(year, 12, 31))))
    return tuple(accumulate((is_working_day(day) for day in days), initial=0))


def _of_year(day: date) -> int:
    return day.timetuple().tm_yday
