"""Errors that only the API knows, and the bounds of their answers."""

from flask import Response

from web import errors
from workflow.errors import Invalid
from workflow.evidence_store import TooLarge

MOST_ERRORS, LONGEST_POINTER, LONGEST_MESSAGE = 500, 500, 1000


class Malformed(Invalid):
    """Not JSON at all: 400, where a document that breaks its schema is 422."""


errors.STATUS |= {Malformed: 400, TooLarge: 413}


def bounded(error: Invalid) -> Response:
    """However many faults a document has and however long its keys are, the answer stays small."""
    listed = [
        {"pointer": p.pointer[:LONGEST_POINTER], "message": p.message[:LONGEST_MESSAGE]}
        for p in error.problems[:MOST_ERRORS]
    ]
    return errors.problem(errors.STATUS[type(error)], str(error), errors=listed)
