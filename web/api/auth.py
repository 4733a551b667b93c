"""Who calls: the owner of a bearer token, else of the browser's session; and in which language."""

from flask import g, request
from sqlalchemy.orm import Session

from web.context import desk, now, viewer
from web.errors import Unauthenticated
from web.language import LANGUAGES, locale
from workflow.errors import Forbidden
from workflow.ledger import Actor
from workflow.models import User
from workflow.people import find_token

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def read_token() -> None:
    """Find the token's person. Whoever sends credentials is judged by these alone, never by a cookie.

    Raises Unauthenticated, or Forbidden where the token's scope does not reach.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthenticated
    with desk().database.read() as session:
        token = find_token(session, secret.strip(), now())
    if token is None:
        raise Unauthenticated
    scope = "read" if request.method in SAFE else "write"
    if scope not in token.scopes.split():
        raise Forbidden(f"Token ini tidak memiliki cakupan “{scope}”.")
    g.token_user = token.user


def caller() -> User:
    """The person behind the call. Raises Unauthenticated."""
    user = viewer()
    if user is None:
        raise Unauthenticated
    return user


def language() -> str:
    """A token speaks its owner's language; no cookie is looked at."""
    user: User | None = g.get("token_user")
    if user is None:
        return locale()
    return user.locale if user.locale in LANGUAGES else LANGUAGES[0]


def acting(session: Session) -> Actor:
    """The caller as an actor of a command within this session, as read at the start of the request."""
    return Actor(session.merge(caller(), load=False), now(), language())
