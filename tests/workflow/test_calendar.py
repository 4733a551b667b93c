"""Working days, counted and added: what must hold for any date."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from workflow.calendar import (
    add_working_days,
    days_off,
    end_of,
    is_working_day,
    morning_of,
    wib_date,
    working_days_between,
)
from workflow.clock import WIB
from workflow.deadlines import days_left

days = st.dates(date(2021, 1, 1), date(2030, 12, 31))
counts = st.integers(1, 120)


@given(days, counts)
def test_what_is_added_can_be_counted(day: date, count: int) -> None:
    end = add_working_days(day, count)

    assert working_days_between(day, end) == count
    assert is_working_day(end)
    assert end.weekday() not in {5, 6}
    assert end not in days_off(end.year)


@given(days, counts)
def test_days_before_are_counted_on_the_way_back(day: date, count: int) -> None:
    start = add_working_days(day, -count)

    assert is_working_day(start)
    assert start < day
    assert working_days_between(start, day) == count - 1 + is_working_day(day)
    assert working_days_between(day, start) == -working_days_between(start, day)


@given(days, counts)
def test_a_longer_period_and_a_later_start_never_end_earlier(day: date, count: int) -> None:
    end = add_working_days(day, count)

    assert add_working_days(day, count + 1) > end
    assert add_working_days(day + timedelta(days=1), count) >= end


@given(days, days, days)
def test_counts_add_up(one: date, two: date, three: date) -> None:
    first, middle, last = sorted((one, two, three))

    both = working_days_between(first, middle) + working_days_between(middle, last)
    assert working_days_between(first, last) == both


@given(days)
def test_a_period_ends_in_the_last_minute_of_its_day_in_java(day: date) -> None:
    assert end_of(day).astimezone(WIB) == datetime.combine(day, time(23, 59), WIB)
    assert morning_of(day).astimezone(WIB) == datetime.combine(day, time(8), WIB)
    assert end_of(day).tzinfo is morning_of(day).tzinfo is UTC
    assert wib_date(end_of(day)) == wib_date(morning_of(day)) == day
    assert wib_date(end_of(day) + timedelta(minutes=1)) == day + timedelta(days=1)


@given(days, st.integers(0, 60 * 24 * 40))
def test_no_day_is_left_on_the_last_and_fewer_than_none_once_it_is_over(day: date, minutes: int) -> None:
    ends = end_of(add_working_days(day, 5))

    assert days_left(ends, ends) == 0
    assert days_left(ends, ends + timedelta(seconds=1)) < 0
    before, after = ends - timedelta(minutes=minutes), ends + timedelta(minutes=minutes + 1)
    assert 0 <= days_left(ends, before) <= days_left(ends, before - timedelta(days=1))
    assert days_left(ends, after) >= days_left(ends, after + timedelta(days=1))


def test_joint_leave_and_national_days_of_a_year_are_known_by_name() -> None:
    assert days_off(2022)[date(2022, 8, 17)] == "Hari Kemerdekaan Republik Indonesia"
    assert {date(2022, 4, 29), date(2022, 5, 2), date(2022, 5, 6)} <= set(days_off(2022))
