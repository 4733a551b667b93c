"""Packages of entries: order one, see how far it is, stop it, fetch it."""

from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy.orm import Session

from web.api import answers, auth, bodies, parameters, replies
from web.api.problems import bounded
from web.context import desk
from web.downloads import send_package
from workflow.errors import Invalid, NotFound
from workflow.exports import orders
from workflow.ledger import Actor
from workflow.models import Export

bp = Blueprint("api_exports", __name__, url_prefix="/api/v1/exports")
bp.register_error_handler(Invalid, bounded)

ACCEPTED = 202


@bp.post("")
def add() -> Response:
    body = bodies.document("export_create")

    def run(session: Session, who: Actor) -> replies.Answer:
        if "year" in body:
            made = orders.begin_year(session, who, body["year"])
        else:
            made = orders.begin_entry(session, who, body["proposal"])
        return replies.Answer(whole(session, made), location=f"/api/v1/exports/{made.id}")

    return replies.command(body, run, ACCEPTED)


@bp.get("/<int:export_id>")
def show(export_id: int) -> Response:
    with desk().database.read() as session:
        return jsonify(whole(session, _found(session, auth.acting(session), export_id)))


@bp.post("/<int:export_id>/cancel")
def cancel(export_id: int) -> Response:
    def run(session: Session, who: Actor) -> replies.Answer:
        made = _found(session, who, export_id, lock=True)
        orders.cancel(session, who, made)
        return replies.Answer(whole(session, made))

    return replies.command({}, run, 200)


@bp.get("/<int:export_id>/file")
def fetch(export_id: int) -> Response:
    with desk().database.read() as session:
        made = _found(session, auth.acting(session), export_id)
    return send_package(made)


def _found(session: Session, who: Actor, export_id: int, *, lock: bool = False) -> Export:
    if export_id > parameters.LARGEST_ID:
        raise NotFound
    return orders.find(session, who, export_id, lock=lock)


def whole(session: Session, made: Export) -> dict[str, Any]:
    """A package as its schema describes it."""
    done, total = orders.counts(session, made)
    parked = orders.stuck(session, made)
    address = f"/api/v1/exports/{made.id}"
    finished = made.state == "done"
    file = {"name": made.file_name, "size": made.size, "sha256": made.sha256}
    return {
        "id": made.id,
        "proposal": made.case.number if made.case else None,
        "year": made.year,
        "state": made.state,
        "progress": orders.progress(made, done, total),
        "entries": total,
        "file": file if finished else None,
        "contents": made.contents if finished else [],
        "error": parked.error if parked else made.fault,
        "created_at": answers.moment(made.created_at),
        "finished_at": answers.perhaps(made.finished_at),
        "expires_at": answers.perhaps(made.expires_at),
        "links": {"self": address, "page": f"/ekspor/{made.id}"}
        | ({"file": f"{address}/file"} if finished else {}),
    }
