"""How long requests take, by the template of their route; and one line of log each."""

import re
import secrets
import time
from http import HTTPStatus

import structlog
from flask import Flask, Response, g, request

from workflow.meters import SECONDS, Histogram

NUMBER = re.compile(r"[A-Z]{3}-\d{4}-\d{4,}")
NO_ROUTE = "(none)"

REQUESTS = Histogram(
    "loncatan_request_seconds", "duration of a request", ["method", "route", "status"], buckets=SECONDS
)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

log = structlog.get_logger()


def init_app(app: Flask, *, aloud: bool) -> None:
    """`aloud`: log every request; else only those that failed on our side."""

    @app.before_request
    def begin() -> None:
        g.started_at = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=secrets.token_hex(8))
        number = str((request.view_args or {}).get("number", ""))
        if NUMBER.fullmatch(number):
            structlog.contextvars.bind_contextvars(case=number)

    @app.after_request
    def end(response: Response) -> Response:
        route = request.url_rule.rule if request.url_rule else NO_ROUTE
        method = request.method if request.method in METHODS else "other"
        seconds = time.perf_counter() - g.get("started_at", time.perf_counter())
        REQUESTS.labels(method, route, str(response.status_code)).observe(seconds)
        if aloud or response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.info(
                "request",
                method=method,
                route=route,
                status=response.status_code,
                milliseconds=round(seconds * 1000, 1),
            )
        return response
