"""Idempotency keys: the same request twice is one command and the same answer."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from workflow.db import canonical, insert_new
from workflow.errors import Invalid, Problem
from workflow.models import Idempotency, User

MAX_KEY = 100


def fingerprint(*parts: object) -> str:
    """What was asked, so that a key used again for something else is noticed."""
    return hashlib.sha256(canonical(list(parts)).encode()).hexdigest()


def claim(session: Session, user: User, key: str, asked: str, now: datetime) -> Idempotency | None:
    """Take a key at the start of a command's transaction; the answer that was given if it is taken already.

    A rolled-back command leaves no key, so it may be tried again. Raises Invalid where the key has served
    another request.
    """
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise Invalid([Problem("/Idempotency-Key", f"Kunci idempotensi 1 sampai {MAX_KEY} karakter.")])
    if insert_new(
        session, Idempotency, user_id=user.id, key=key, fingerprint=asked, status=0, created_at=now
    ):
        return None
    held = session.scalars(select(Idempotency).where(*_known_as(user, key))).one()
    if held.fingerprint != asked:
        message = "Kunci idempotensi ini sudah dipakai untuk permintaan lain."
        raise Invalid([Problem("/Idempotency-Key", message)])
    return held


def answer(
    session: Session,
    user: User,
    key: str,
    status: int,
    location: str | None = None,
    body: dict[str, Any] | None = None,
) -> None:
    """Keep the answer with the key, in the command's own transaction."""
    given = update(Idempotency).where(*_known_as(user, key))
    session.execute(given.values(status=status, location=location, body=body))


def _known_as(user: User, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Idempotency.user_id == user.id, Idempotency.key == key
