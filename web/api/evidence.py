"""Files that prove something: hand in, list, fetch."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from web.api import answers, auth, bodies, parameters, replies
from web.api.problems import bounded
from web.context import desk
from web.downloads import send_proof
from workflow import commands, queries
from workflow.errors import Invalid, NotFound
from workflow.evidence_store import EvidenceStore, Staged, clean_name
from workflow.ledger import Actor

bp = Blueprint("api_evidence", __name__, url_prefix="/api/v1/proposals/<number>/evidence")
bp.register_error_handler(Invalid, bounded)


@bp.post("")
def add(number: str) -> Response:
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    with desk().database.read() as session:
        commands.find(session, auth.acting(session), number)
    fields, upload = bodies.multipart("evidence_create")
    with _store().stage(upload.stream) as staged:

        def run(session: Session, who: Actor) -> replies.Answer:
            return _bind(session, who, number, staged, upload.filename or "", fields)

        return replies.command([fields, staged.sha256], run, 201)


def _bind(
    session: Session, who: Actor, number: str, staged: Staged, file_name: str, fields: dict[str, Any]
) -> replies.Answer:
    day = fields.get("letter_date")
    new = commands.NewEvidence(
        **{
            **fields,
            "letter_date": date.fromisoformat(day) if day else None,
            "file_name": clean_name(file_name, staged.media_type),
            "media_type": staged.media_type,
            "size": staged.size,
            "sha256": staged.sha256,
        }
    )
    made = commands.add_evidence(session, who, number, new)
    _store().keep(staged)
    body = answers.proof(made, number, {auth.caller().id: auth.caller()})
    return replies.Answer(body, location=body["href"])


@bp.get("")
def index(number: str) -> Response:
    with desk().database.read() as session:
        case = commands.find(session, auth.acting(session), number)
        rows = queries.evidence_of(session, case)
        people = queries.people_by_id(session, {e.uploaded_by for e in rows})
    return jsonify(items=[answers.proof(e, number, people) for e in rows])


@bp.get("/<int:evidence_id>")
def fetch(number: str, evidence_id: int) -> Response:
    if evidence_id > parameters.LARGEST_ID:
        raise NotFound
    with desk().database.read() as session:
        case = commands.find(session, auth.acting(session), number)
        found = next((e for e in queries.evidence_of(session, case) if e.id == evidence_id), None)
    if found is None:
        raise NotFound
    return send_proof(found)


def _store() -> EvidenceStore:
    return EvidenceStore.of(desk().settings)
