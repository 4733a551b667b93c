"""Is it alive, is it ready, and what do the meters say."""

import os
import threading
import time
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, jsonify
from sqlalchemy import text

from web.context import Desk, desk, now
from workflow import delivery, meters, migrations
from workflow.figures import Figures
from workflow.settings import Settings

bp = Blueprint("health", __name__)

FRESH_SECONDS = 5.0
OK = "ok"
NEEDED = ("database", "schema", "storage")


@bp.get("/healthz")
def healthz() -> Response:
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Ready while the database answers, has the newest tables, and evidence can be written.

    A silent broker or mail server only delays; they are told but change nothing.
    """
    checks = {**_database(desk()), "storage": _storage(desk().settings), "broker": _broker(desk())}
    checks["smtp"] = OK if desk().settings.smtp_url else "not set"
    ready = all(checks.get(name) == OK for name in NEEDED)
    return jsonify(status="ready" if ready else "unready", checks=checks), 200 if ready else 503


@bp.get("/metrics")
def metrics() -> Response:
    return Response(_fresh().text, content_type=meters.CONTENT_TYPE_LATEST)


@dataclass
class Exposed:
    """What was last shown, so that many readers cost the database no more than one."""

    text: bytes
    at: float


_lock = threading.Lock()


def _fresh() -> Exposed:
    with _lock:
        last: Exposed | None = current_app.extensions.get("loncatan_exposed")
        if last is None or time.monotonic() - last.at >= FRESH_SECONDS or current_app.testing:
            last = Exposed(_exposition(), time.monotonic())
            current_app.extensions["loncatan_exposed"] = last
        return last


def _exposition() -> bytes:
    try:
        depths = desk().depths()
    except Exception:  # noqa: BLE001 - a broker that cannot be asked shows no queues, all else stays
        depths = {}
    with desk().database.read() as session:
        figures = Figures(session, now(), depths)
    return meters.exposition(figures)


def _database(found: Desk) -> dict[str, Any]:
    try:
        with found.database.read() as session:
            session.execute(text("SELECT 1"))
            oldest = delivery.oldest(session)
        present = migrations.present(found.database)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the answer is "not ready"
        return {"database": type(fault).__name__}
    age = max((now() - oldest).total_seconds(), 0.0) if oldest else 0.0
    schema = OK if present == migrations.newest() else "outdated"
    return {"database": OK, "schema": schema, "oldest_waiting_seconds": age}


def _storage(settings: Settings) -> str:
    """Of this machine alone: a bucket that is away makes no other web process more ready than this one."""
    folder = settings.evidence
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return OK if os.access(folder, os.W_OK | os.X_OK) else "not writable"


def _broker(found: Desk) -> str:
    try:
        found.depths()
    except Exception as fault:  # noqa: BLE001 - told by its name
        return type(fault).__name__
    return OK
