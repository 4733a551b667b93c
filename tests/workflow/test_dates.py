"""Moments and durations in the words of people."""

from datetime import UTC, datetime, timedelta

import pytest

from workflow import dates

MOMENT = datetime(2022, 11, 22, 17, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=-5), "0 menit"),
        (timedelta(minutes=119), "119 menit"),
        (timedelta(hours=2), "2 jam"),
        (timedelta(hours=47), "47 jam"),
        (timedelta(days=2), "2 hari"),
        (timedelta(days=1239), "1.239 hari"),
    ],
)
def test_an_age_is_told_in_the_unit_people_would_use(duration: timedelta, words: str) -> None:
    assert dates.age(duration) == words


def test_a_moment_is_told_in_wib() -> None:
    assert dates.long_moment(MOMENT) == "23 November 2022 pukul 00.20 WIB"
    assert dates.deadline(MOMENT) == "Rabu, 23 November 2022, 00.20 WIB"
