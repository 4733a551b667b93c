"""Idempotency keys: the same request twice is one command and the same answer."""

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from workflow.db import canonical
from workflow.errors import Invalid, Problem
from workflow.models import Idempotency, User

MAX_KEY = 100


def fingerprint(*parts: object) -> str:
    """What was asked, so that a key used again for something else is noticed."""
    return hashlib.sha256(canonical(list(parts)).encode()).hexdigest()


def claim(session: Session, user: User, key: str, asked: str, now: datetime) -> tuple[Idempotency, bool]:
    """Take a key at the start of a command's transaction: its row, and whether it is new.

    An old row holds the answer that was given; a rolled-back command leaves none, so it may be tried again.
    Raises Invalid where the key has served another request.
    """
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        raise Invalid([Problem("/Idempotency-Key", f"Kunci idempotensi 1 sampai {MAX_KEY} karakter.")])
    row = Idempotency(user_id=user.id, key=key, fingerprint=asked, status=0, created_at=now)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        held = session.scalars(
            select(Idempotency).where(Idempotency.user_id == user.id, Idempotency.key == key)
        ).one()
        if held.fingerprint != asked:
            raise Invalid(
                [
                    Problem(
                        "/Idempotency-Key",
                        "Kunci idempotensi ini sudah dipakai untuk permintaan lain.",
                    )
                ]
            ) from None
        return held, False
    return row, True


def answer(
    row: Idempotency,
    status: int,
    location: str | None = None,
    body: dict[str, Any] | None = None,
) -> None:
    """Keep the answer with the key, in the command's own transaction."""
    row.status, row.location, row.body = status, location, body
