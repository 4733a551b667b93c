"""Bringing in a table: hand it in, see how far it is and what is wrong with its rows."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from web.api import answers, auth, bodies, parameters, replies
from web.api.problems import bounded
from web.context import desk as web_desk
from workflow import policy, validation
from workflow.errors import Forbidden, Invalid, NotFound, Problem
from workflow.imports import desk, queries, sheet
from workflow.imports.columns import guess, likely_kind
from workflow.ledger import Actor
from workflow.models import Import, ImportRow
from workflow.nip import Seal
from workflow.secret import secret_of

bp = Blueprint("api_imports", __name__, url_prefix="/api/v1/imports")
bp.register_error_handler(Invalid, bounded)

ACCEPTED = 202


@bp.post("")
def add() -> Response:
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    if not policy.may_import(auth.caller()):
        raise Forbidden("Impor dilakukan oleh koordinator atau penyelenggara PKP.")
    fields, upload = bodies.multipart("import_create")
    table = sheet.load(upload.stream, upload.filename or "")
    order = desk.Order(
        kind=fields.get("kind") or likely_kind(table.headings),
        dry_run=fields.get("dry_run") == "true",
        mapping=_mapping(fields.get("mapping")),
        cohort=fields.get("cohort"),
    )

    def run(session: Session, who: Actor) -> replies.Answer:
        seal = Seal(secret_of(web_desk().settings))
        made = desk.begin(session, who, table, order, seal)
        mapping = made.mapping if order.mapping is None else order.mapping
        desk.settle(session, who, made, mapping, dry_run=order.dry_run)
        body = whole(session, made, queries.RowPage([], None))
        return replies.Answer(body, location=f"/api/v1/imports/{made.id}")

    return replies.command([fields, table.sha256], run, ACCEPTED)


def _mapping(text: str | None) -> dict[str, int] | None:
    """Field names with the place of their column, counted from 0, as a JSON object."""
    if text is None:
        return None
    try:
        found = validation.parse_json(text.encode())
    except (Invalid, UnicodeEncodeError) as fault:
        raise Invalid([Problem("/mapping", "Pemetaan harus berupa objek JSON.")]) from fault
    sound = isinstance(found, dict) and all(type(at) is int for at in found.values())
    if not sound:
        raise Invalid([Problem("/mapping", "Sebutkan nomor kolom untuk setiap nama, mulai dari 0.")])
    return dict(found)


@bp.get("/<int:import_id>")
def show(import_id: int) -> Response:
    if import_id > parameters.LARGEST_ID:
        raise NotFound
    asked = parameters.read()
    with web_desk().database.read() as session:
        made = desk.find(session, auth.acting(session), import_id)
        page = queries.list_rows(session, made, "findings", asked["cursor"], asked["limit"])
        return jsonify(whole(session, made, page))


def whole(session: Session, made: Import, page: queries.RowPage) -> dict[str, Any]:
    """An import with a page of the rows that something is to be said about."""
    counts = desk.counts(session, made)
    parked = desk.stuck(session, made)
    return {
        "id": made.id,
        "kind": made.kind,
        "state": made.state,
        "dry_run": made.dry_run,
        "file": {
            "name": made.file_name,
            "type": made.file_type,
            "size": made.file_size,
            "sha256": made.sha256,
        },
        "heading_row": made.heading_row,
        "headings": made.headings,
        "mapping": made.mapping,
        "suggested": guess(made.kind, made.headings),
        "total": made.total,
        "progress": desk.progress(made, counts),
        "counts": counts,
        "error": parked.error if parked else None,
        "created_at": answers.moment(made.created_at),
        "finished_at": answers.perhaps(made.finished_at),
        "rows": [_row(row, number) for row, number in page.rows],
        "next_cursor": page.next_cursor,
        "links": {"self": f"/api/v1/imports/{made.id}", "page": f"/impor/{made.id}"},
    }


def _row(row: ImportRow, number: str | None) -> dict[str, Any]:
    said = row.findings + ([_kept(row.note)] if row.note else [])
    return {"row": row.row, "status": row.status, "number": number, "findings": said}


def _kept(note: str) -> dict[str, str]:
    return {"column": "", "heading": "", "value": "", "level": "remark", "message": note}
