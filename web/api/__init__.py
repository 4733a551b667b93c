"""The API under /api/v1: the same commands as JSON, described by the same schemas."""

from flask import Flask, Request
from werkzeug.wrappers import Response

from web.api import (
    adoptions,
    catalogue,
    decisions,
    events,
    evidence,
    exports,
    gate,
    imports,
    openapi,
    proposals,
    seminars,
)


def init_app(app: Flask) -> None:
    app.login_manager.request_loader(_nobody)  # type: ignore[attr-defined]
    app.url_value_preprocessor(gate.admit)  # runs before the CSRF check of sessions
    app.after_request(_no_store)
    for module in (
        catalogue,
        proposals,
        decisions,
        adoptions,
        events,
        evidence,
        exports,
        imports,
        seminars,
        openapi,
    ):
        app.register_blueprint(module.bp)


def _nobody(_request: Request) -> None:
    """Flask-Security would search bodies and addresses for tokens of its own kind; there are none."""


def _no_store(response: Response) -> Response:
    if gate.is_api():
        response.headers["Cache-Control"] = "no-store"
    return response
