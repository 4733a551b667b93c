"""What every call has to show before a view or the CSRF check sees it: who, how much, which case."""

import re
from typing import Any

from flask import request

from web.api import auth, parameters
from workflow.errors import NotFound
from workflow.evidence_store import LARGEST_VIDEO
from workflow.imports import sheet
from workflow.validation import MAX_BODY

PUBLIC = frozenset({"api_catalogue.show", "api_catalogue.schema", "openapi.document", "openapi.docs"})
UPLOAD_FIELDS = 100_000  # the text fields and boundaries around a file
UPLOADS = {
    "api_evidence.add": LARGEST_VIDEO + UPLOAD_FIELDS,
    "api_imports.add": sheet.LARGEST + UPLOAD_FIELDS,
}
NUMBER = re.compile(parameters.NUMBER["pattern"], re.ASCII)


def is_api() -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def admit(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Raise for unknown routes (404, 405), missing or wrong credentials, foreign numbers, odd parameters."""
    if not is_api():
        return
    if request.routing_exception is not None:
        raise request.routing_exception
    request.max_content_length = UPLOADS.get(endpoint or "", MAX_BODY)
    auth.read_token()
    if endpoint not in PUBLIC:
        auth.caller()
    number = (values or {}).get("number")
    if number is not None and not NUMBER.fullmatch(number):
        raise NotFound
    parameters.read()
