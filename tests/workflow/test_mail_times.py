"""When a mail may leave: quiet hours to the minute, and the moment of the next digest."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.calendar import is_working_day
from workflow.clock import WIB
from workflow.mail_times import Quiet, end_of_duty, next_digest
from workflow.models import Case, Event

NIGHT, NOON, WEEKEND = Quiet(time(20), time(6)), Quiet(time(12), time(13)), Quiet(days_off=True)
BOTH = Quiet(time(20), time(6), days_off=True)


def wib(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WIB)


@pytest.mark.parametrize(
    ("quiet", "at", "until"),
    [
        (NIGHT, "2022-09-12 19:59", None),
        (NIGHT, "2022-09-12 20:00", "2022-09-13 06:00"),
        (NIGHT, "2022-09-13 00:00", "2022-09-13 06:00"),
        (NIGHT, "2022-09-13 05:59", "2022-09-13 06:00"),
        (NIGHT, "2022-09-13 06:00", None),
        (NIGHT, "2022-12-31 23:59", "2023-01-01 06:00"),
        (NOON, "2022-09-12 11:59", None),
        (NOON, "2022-09-12 12:00", "2022-09-12 13:00"),
        (NOON, "2022-09-12 13:00", None),
        (Quiet(), "2022-09-10 03:00", None),
        (WEEKEND, "2022-09-09 23:59", None),
        (WEEKEND, "2022-09-10 00:00", "2022-09-12 00:00"),
        (WEEKEND, "2022-08-17 10:00", "2022-08-18 00:00"),  # independence day
        (BOTH, "2022-09-09 21:00", "2022-09-12 06:00"),  # night, weekend, and the night after it
        (Quiet(time(0), time(23, 59)), "2022-09-12 00:00", "2022-09-12 23:59"),
    ],
)
def test_quiet_time_begins_and_ends_to_the_minute(quiet: Quiet, at: str, until: str | None) -> None:
    found = quiet.until(wib(at).astimezone(UTC))

    assert found == (wib(until) if until else None)


TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
MOMENTS = st.datetimes(datetime(2022, 1, 1), datetime(2026, 12, 1)).map(lambda at: at.replace(tzinfo=WIB))  # noqa: DTZ001


@given(TIMES, TIMES, st.booleans(), MOMENTS)
def test_the_end_of_quiet_time_is_the_first_moment_that_is_not_quiet(
    starts: time,
    ends: time,
    days_off: bool,  # noqa: FBT001 - a drawn value
    at: datetime,
) -> None:
    quiet = Quiet(starts, ends, days_off) if starts != ends else Quiet(days_off=days_off)
    until = quiet.until(at)
    if until is None:
        return
    assert until > at
    assert quiet.until(until) is None
    assert quiet.until(until - timedelta(minutes=1)) is not None
    assert quiet.until(at + (until - at) / 2) is not None


@pytest.mark.parametrize(
    ("at", "then"),
    [
        ("2022-09-12 06:59", "2022-09-12 07:00"),
        ("2022-09-12 07:00", "2022-09-13 07:00"),
        ("2022-09-09 08:00", "2022-09-12 07:00"),
        ("2022-09-10 03:00", "2022-09-12 07:00"),
        ("2022-08-16 12:00", "2022-08-18 07:00"),
    ],
)
def test_a_digest_leaves_in_the_morning_of_the_next_working_day(at: str, then: str) -> None:
    assert next_digest(wib(at).astimezone(UTC), 7) == wib(then)


@given(MOMENTS, st.integers(0, 23))
def test_the_next_digest_is_ahead_and_on_a_working_day(at: datetime, hour: int) -> None:
    then = next_digest(at, hour)

    assert then > at
    assert (then.hour, then.minute) == (hour, 0)
    assert is_working_day(then.date())


@pytest.mark.parametrize(
    ("data", "end"),
    [
        ({}, "2022-09-20 23:59"),
        ({"ends_at": "2022-09-15T23:59:00+07:00"}, "2022-09-15 23:59"),
        ({"begins": "2022-09-13T09:00:00+07:00"}, "2022-09-13 09:00"),
        ({"day": "2022-09-14"}, "2022-09-14 00:00"),
    ],
    ids=["the case", "a period", "a seminar", "a desk"],
)
def test_a_duty_ends_with_what_it_is_about(data: dict[str, str], end: str) -> None:
    case = Case(due_at=wib("2022-09-20 23:59"))

    assert end_of_duty(case, Event(name="x", data=data)) == wib(end)
