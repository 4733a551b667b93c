"""The API under /api/v1: the same commands as JSON, described by the same schemas."""

from flask import Flask
from werkzeug.wrappers import Response

from web.api import catalogue, events, evidence, gate, openapi, problems, proposals
from workflow.errors import Invalid


def init_app(app: Flask) -> None:
    app.url_value_preprocessor(gate.admit)  # runs before the CSRF check of sessions
    app.after_request(_no_store)
    for module in (catalogue, proposals, events, evidence, openapi):
        module.bp.register_error_handler(Invalid, problems.bounded)
        app.register_blueprint(module.bp)


def _no_store(response: Response) -> Response:
    if gate.is_api():
        response.headers["Cache-Control"] = "no-store"
    return response
