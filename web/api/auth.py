"""Who calls: a bearer token, else the browser's session."""

from flask import g, request

from web.context import desk, now, viewer
from web.errors import Unauthenticated
from workflow.errors import Forbidden
from workflow.models import User
from workflow.people import find_token

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PREFIX = "Bearer "


def read_token() -> None:
    """Find the token's person once per request; a wrong token is an error, not an anonymous call."""
    header = request.headers.get("Authorization", "")
    if not request.path.startswith("/api/") or not header.startswith(PREFIX):
        return
    with desk().database.read() as session:
        token = find_token(session, header.removeprefix(PREFIX).strip(), now())
    if token is None:
        raise Unauthenticated
    if request.method not in SAFE and "write" not in token.scopes.split():
        raise Forbidden("Token ini hanya boleh membaca.")
    g.token_user = token.user


def caller() -> User:
    """The person behind the call. Raises Unauthenticated."""
    user = viewer()
    if user is None:
        raise Unauthenticated
    return user
