"""One posted form, one command: the hidden key of a page makes a double click harmless."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy.orm import Session

from web.context import me, now
from workflow import once as keys

SEE_OTHER = 303


@dataclass
class Call:
    """Where the answer leads; already set if this very form was handled before."""

    location: str | None = None


@contextmanager
def once(session: Session, asked: Any) -> Iterator[Call]:  # noqa: ANN401
    """Claim the form's `key`; forms without one are handled each time they come."""
    key = request.form.get("key", "")
    if not key:
        yield Call()
        return
    key = f"form:{key}"[: keys.MAX_KEY]
    given = keys.claim(session, me(), key, keys.fingerprint(request.path, asked), now())
    call = Call(given.location if given else None)
    yield call
    if given is None:
        keys.answer(session, me(), key, SEE_OTHER, call.location)
