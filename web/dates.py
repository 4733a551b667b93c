"""`workflow.dates` in the language of the page's reader."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from web.language import locale
from workflow import dates

P = ParamSpec("P")
T = TypeVar("T")


def _read(words: Callable[Concatenate[T, ...], str]) -> Callable[[T], str]:
    @wraps(words)
    def said(value: T) -> str:
        return words(value, locale())

    return said


age = _read(dates.age)
clock_time = _read(dates.clock_time)
deadline = _read(dates.deadline)
decimal = _read(dates.decimal)
full_date = _read(dates.full_date)
long_date = _read(dates.long_date)
long_moment = _read(dates.long_moment)
signed = _read(dates.signed)
thousands = _read(dates.thousands)
