"""Reading a request strictly: JSON, If-Match, Idempotency-Key, query parameters."""

from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

from web.errors import PreconditionMissing
from workflow import validation
from workflow.errors import Invalid, Problem

LARGEST = 1_000_000


class Unreadable(BadRequest):
    """Not JSON at all; 400, where a document that breaks its schema is 422."""


def document(name: str) -> dict[str, Any]:
    """The body, checked against schemas/api/<name>.json."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    if (request.content_length or 0) > LARGEST:
        raise RequestEntityTooLarge
    try:
        body = validation.parse_json(request.get_data(cache=True))
    except Invalid as fault:
        raise Unreadable(fault.problems[0].message) from fault
    validation.require(name, body)
    return dict(body)


def if_match() -> str:
    """The etag that the caller has seen; `*` means any. Raises PreconditionMissing."""
    header = request.headers.get("If-Match", "").strip()
    if not header:
        raise PreconditionMissing
    return header.removeprefix("W/").strip('"')


def idempotency_key() -> str:
    return request.headers.get("Idempotency-Key", "").strip()


def only(*names: str) -> None:
    """Raise Invalid for query parameters nobody reads, so that a typo is not silently ignored."""
    unknown = sorted(set(request.args) - set(names))
    if unknown:
        raise Invalid([Problem(f"/{name}"[:100], "Parameter ini tidak dikenal.") for name in unknown])


def whole_number(name: str, default: int | None, most: int = 2**31 - 1) -> int | None:
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 11 and int(text) <= most):  # noqa: PLR2004
        raise Invalid([Problem(f"/{name}", f"Bilangan bulat 0 sampai {most}.")])
    return int(text)
