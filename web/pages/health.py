"""Is it alive, is it ready, and what do the meters say."""

from datetime import datetime

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import text

from web.context import desk, now
from workflow import delivery, migrations

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Ready while the database answers and has the newest tables; a silent broker only delays."""
    database = desk().database
    checks: dict[str, object] = {}
    try:
        with database.read() as session:
            session.execute(text("SELECT 1"))
            oldest = [s.oldest for s in (delivery.jobs(session), delivery.mails(session)) if s.oldest]
        checks |= {"database": "ok", "oldest_waiting_seconds": _age(min(oldest, default=None))}
        checks["schema"] = "ok" if migrations.present(database) == migrations.newest() else "outdated"
    except Exception as fault:  # noqa: BLE001 - whatever it is, the answer is "not ready"
        checks["database"] = type(fault).__name__
    checks["broker"] = desk().settings.broker_scheme
    ready = checks["database"] == "ok" and checks["schema"] == "ok"
    return jsonify(status="ready" if ready else "unready", checks=checks), 200 if ready else 503


@bp.get("/metrics")
def metrics() -> Response:
    registry = CollectorRegistry()
    with desk().database.read() as session:
        for kind, summary in (
            ("job", delivery.jobs(session)),
            ("email", delivery.mails(session)),
        ):
            for state in ("waiting", "done", "unknown", "parked", "dropped"):
                _gauge(registry, f"loncatan_{kind}s_{state}", getattr(summary, state))
            _gauge(registry, f"loncatan_{kind}s_oldest_waiting_seconds", _age(summary.oldest))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _gauge(registry: CollectorRegistry, name: str, value: float) -> None:
    Gauge(name, name.replace("_", " "), registry=registry).set(value)


def _age(moment: datetime | None) -> float:
    return max((now() - moment).total_seconds(), 0.0) if moment else 0.0
