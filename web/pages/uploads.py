"""Evidence sent part by part by the page's script: announce, ask how far it came, send the next part."""

import os
import tempfile
from pathlib import Path

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from web.context import actor, desk
from web.guards import signed_in
from workflow import uploads
from workflow.depot import depot_of
from workflow.errors import Invalid, Problem
from workflow.models import Upload

bp = Blueprint("uploads", __name__, url_prefix="/usulan/<number>/bukti/kiriman")


@bp.post("")
@signed_in
def begin(number: str) -> tuple[Response, int]:
    size = request.form.get("size", "")
    if not size.isdecimal() or len(size) > len(str(2**62)):
        raise Invalid([Problem("/size", "Ukuran berkas tidak terbaca.")])
    with desk().database.write() as session:
        made = uploads.begin(session, actor(session), number, request.form.get("name", ""), int(size))
        return _said(made), 201


@bp.get("/<upload_id>")
@signed_in
def show(number: str, upload_id: str) -> Response:
    with desk().database.read() as session:
        return _said(uploads.find(session, actor(session), number, upload_id))


@bp.patch("/<upload_id>")
@signed_in
def append(number: str, upload_id: str) -> Response:
    """The next part, as the body; `Upload-Offset` says where it begins."""
    offset = request.headers.get("Upload-Offset", "")
    if not offset.isdecimal() or len(offset) > len(str(2**62)):
        raise Invalid([Problem("/offset", "Upload-Offset tidak terbaca.")])
    body = request.stream.read(uploads.LARGEST_PART + 1)
    if len(body) > uploads.LARGEST_PART:
        raise RequestEntityTooLarge
    depot = depot_of(desk().settings)
    depot.room.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=depot.room, prefix=".staged-")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        with desk().database.write() as session:
            who = actor(session)
            made = uploads.find(session, who, number, upload_id, lock=True)
            uploads.append(made, depot, int(offset), part, len(body), who.at)
            return _said(made)
    finally:
        part.unlink(missing_ok=True)


def _said(made: Upload) -> Response:
    return jsonify(id=made.id, received=made.received, size=made.size)
