"""`workflow.dates` in the language of the page's reader."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from web.language import locale
from workflow import dates

P = ParamSpec("P")
T = TypeVar("T")


def _for_reader(words: Callable[Concatenate[T, ...], str]) -> Callable[[T], str]:
    @wraps(words)
    def said(value: T) -> str:
        return words(value, locale())

    return said


age = _for_reader(dates.age)
clock_time = _for_reader(dates.clock_time)
deadline = _for_reader(dates.deadline)
decimal = _for_reader(dates.decimal)
full_date = _for_reader(dates.full_date)
long_date = _for_reader(dates.long_date)
long_moment = _for_reader(dates.long_moment)
short_month = _for_reader(dates.short_month)
signed = _for_reader(dates.signed)
thousands = _for_reader(dates.thousands)
