"""Reading a request strictly: JSON, If-Match."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnsupportedMediaType

from web.api import auth
from web.api.problems import Malformed
from web.errors import PreconditionMissing
from workflow import commands, validation
from workflow.errors import Invalid, Problem
from workflow.ledger import Actor
from workflow.phrases import phrase

ETAG = re.compile(r'(W/)?"([^"]*)"')
LONGEST_TAG = 100
FILE = "file"


def multipart(name: str) -> tuple[dict[str, str], FileStorage]:
    """The text fields, checked against schemas/api/<name>.json, and the one file. A part may lack a name."""
    posted: dict[str, Sequence[str]] = {key or "": given for key, given in request.form.lists()}
    files: dict[str, Sequence[FileStorage]] = {key or "": given for key, given in request.files.lists()}
    faults = [
        Problem(f"/{validation.escape(key)}", phrase("uniqueItems", auth.language(), title=key))
        for key, count in (*_counted(posted), *_counted(files))
        if count > 1
    ]
    faults += [
        Problem(f"/{validation.escape(key)}", phrase("unknown", auth.language()))
        for key in files
        if key != FILE
    ]
    fields = {key: given[0] for key, given in posted.items() if given[0] or key == FILE}
    fields.pop("csrf_token", None)
    faults += validation.problems(name, fields, auth.language())
    upload = request.files.get(FILE)
    if upload is None or not upload.filename:
        faults.append(Problem(f"/{FILE}", phrase("required", auth.language(), title=FILE)))
    if faults or upload is None:
        raise Invalid(faults)
    return fields, upload


def _counted(part: Mapping[str, Sequence[object]]) -> list[tuple[str, int]]:
    return [(key, len(given)) for key, given in part.items()]


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
