"""How long handlers and mails take, and what came of them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workflow.meters import SECONDS, Histogram

HANDLERS = Histogram(
    "loncatan_handler_seconds", "duration of a handler or a mail", ["handler", "outcome"], buckets=SECONDS
)


@dataclass
class Outcome:
    """Failed until somebody says otherwise."""

    word: str = "failed"


@contextmanager
def timed(handler: str) -> Iterator[Outcome]:
    outcome, started = Outcome(), time.monotonic()
    try:
        yield outcome
    finally:
        HANDLERS.labels(handler, outcome.word).observe(time.monotonic() - started)
