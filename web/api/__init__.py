"""The API under /api/v1: the same commands as JSON, described by the same schemas."""

from flask import Flask

from web.api import auth, cases, catalogue, openapi


def init_app(app: Flask) -> None:
    app.before_request(auth.read_token)
    for module in (cases, catalogue, openapi):
        app.register_blueprint(module.bp)
