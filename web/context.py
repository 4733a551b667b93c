"""What views stand on: the desk (settings, database, clock) and the person in front of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app, g
from flask_security import current_user
from sqlalchemy.orm import Session

from web.language import locale
from workflow import policy
from workflow.clock import Clock
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import User
from workflow.settings import Settings

Depths = Callable[[], Mapping[str, int]]
"""Asks the broker how many messages each queue holds; raises where it cannot be reached."""


def no_depths() -> Mapping[str, int]:
    return {}


@dataclass(frozen=True)
class Desk:
    """Handed to the application by whoever creates it."""

    settings: Settings
    database: Database
    clock: Clock
    depths: Depths


def desk() -> Desk:
    return cast("Desk", current_app.extensions["loncatan"])


def now() -> datetime:
    return desk().clock()


def viewer() -> User | None:
    """The signed-in person, or the owner of the bearer token; None for the public."""
    by_token = g.get("token_user")
    if by_token is not None:
        return cast("User", by_token)
    if not current_user:
        return None
    user = cast("User", current_user._get_current_object())  # noqa: SLF001 - the person behind the proxy
    return user if policy.is_active(user, now()) else None  # access may end while the session goes on


def me() -> User:
    """The signed-in person of a view that requires one."""
    user = viewer()
    if user is None:
        raise LookupError("view without a signed-in person")
    return user


def actor(session: Session) -> Actor:
    """The person as an actor of a command within this session."""
    return Actor(session.get_one(User, me().id), now(), locale())
