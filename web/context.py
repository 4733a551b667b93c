"""What views stand on: the desk (settings, database, clock) and the person in front of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import current_app, g
from flask_security import current_user
from sqlalchemy import inspect
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from web.language import locale
from workflow import policy
from workflow.clock import Clock
from workflow.db import Database
from workflow.held import WriteMails
from workflow.ledger import Actor
from workflow.mail_texts import Wording
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
    write_mails: WriteMails
    wording: Wording


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
    account = cast("User", current_user._get_current_object())  # noqa: SLF001 - the person behind the proxy
    if not policy.is_active(account, now()):  # access may end while the session goes on
        return None
    held: tuple[User, User] | None = g.get("viewer")
    if held is None or held[0] is not account:
        g.viewer = held = account, _as_user(account)
    return held[1]


def _as_user(account: User) -> User:
    """The row of a Flask-Security account as any session of ours knows it; nothing is read again."""
    user = User()
    for attribute in inspect(User).attrs:
        set_committed_value(user, attribute.key, getattr(account, attribute.key))
    make_transient_to_detached(user)
    return user


def me() -> User:
    """The signed-in person of a view that requires one."""
    user = viewer()
    if user is None:
        raise LookupError("view without a signed-in person")
    return user


def actor(session: Session) -> Actor:
    """The person as an actor of a command within this session, as read at the start of the request."""
    return Actor(session.merge(me(), load=False), now(), locale())
