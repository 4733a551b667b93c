"""Reading a request strictly: JSON, If-Match."""

import re
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from web.api import auth
from web.api.problems import Malformed
from web.errors import PreconditionMissing
from workflow import commands, validation
from workflow.errors import Invalid
from workflow.ledger import Actor

ETAG = re.compile(r'(W/)?"([^"]*)"')
LONGEST_TAG = 100


def document(name: str) -> dict[str, Any]:
    """The body, checked against schemas/api/<name>.json."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    try:
        body = validation.parse_json(request.get_data())
    except Invalid as fault:
        raise Malformed(fault.problems) from fault
    validation.require(name, body, auth.language())
    return dict(body)


def seen_versions() -> list[str]:
    """The etags of If-Match; none means any version (`*`). Raises PreconditionMissing.

    A weak etag never matches (RFC 9110, 13.1.1): it keeps its mark and so equals no version.
    What is not even quoted is taken for one etag.
    """
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionMissing
    if header == "*":
        return []
    tags = [f"{weak}{tag}" for weak, tag in ETAG.findall(header)] or [header]
    return [tag[:LONGEST_TAG] for tag in tags]


def expected(session: Session, who: Actor, number: str, tags: list[str]) -> str | None:
    """The one etag to hold a command to: of several, the one that is present if any is."""
    if len(tags) <= 1:
        return next(iter(tags), None)
    current = commands.etag(commands.find(session, who, number, lock=True))
    same_version = (tag for tag in tags if tag.partition(".")[0] == current.partition(".")[0])
    return current if current in tags else next(same_version, tags[0])
