"""Files as downloads, for pages and API alike: evidence, its pictures, its videos, finished packages."""

from io import BufferedReader

from flask import Response, request, send_file
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import wrap_file

from web.context import desk
from workflow.depot import depot_of
from workflow.errors import NotFound
from workflow.evidence_store import VIDEO, name_of, picture_of
from workflow.exports.orders import file_of
from workflow.models import Attachment, Evidence, Export
from workflow.quarantine import require_clean

ZIP = "application/zip"


def send_package(made: Export) -> Response:
    """The file. Raises NotFound where there is none yet or none any more."""
    if made.state != "done":
        raise NotFound
    return _attachment(file_of(made), made.file_name, ZIP, made.size or 0)


def send_proof(proof: Evidence | Attachment) -> Response:
    """A file of evidence, or one that came with a message.

    Raises NotFound where it is gone from the depot, Quarantined where nobody may have it.
    """
    _require_clean(proof)
    return _attachment(name_of(proof.sha256), proof.file_name, proof.media_type, proof.size)


def send_picture(proof: Evidence, number: int) -> Response:
    """A picture that a worker made of a file, never the bytes that were sent. Raises as send_proof does."""
    _require_clean(proof)
    response = send_file(_opened(picture_of(proof.sha256, number)), mimetype="image/webp", etag=False)
    return _safe(response)


def send_video(proof: Evidence) -> Response:
    """A video to be played in its page, or the part of it that was asked for. Raises as send_proof does."""
    if proof.media_type != VIDEO:
        raise NotFound
    _require_clean(proof)
    file = _opened(name_of(proof.sha256))
    response = Response(wrap_file(request.environ, file), mimetype=VIDEO, direct_passthrough=True)
    response.content_length = proof.size
    response.call_on_close(file.close)
    try:
        response.make_conditional(request, accept_ranges=True, complete_length=proof.size)
    except RequestedRangeNotSatisfiable:
        file.close()
        raise
    return _safe(response)


def send_bytes(body: bytes, media_type: str, name: str, *, inline: bool = False) -> Response:
    """Something made for this reader, which no cache keeps; `inline` is looked at in the browser."""
    answer = Response(body, content_type=media_type)
    answer.headers["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return _safe(answer)


def _require_clean(proof: Evidence | Attachment) -> None:
    with desk().database.read() as session:
        require_clean(session, desk().settings, proof.sha256)


def _attachment(name: str, shown: str, media_type: str, size: int) -> Response:
    file = _opened(name)
    response = send_file(file, mimetype=media_type, as_attachment=True, download_name=shown, etag=False)
    response.content_length = size
    return _safe(response)


def _opened(name: str) -> BufferedReader:
    try:
        return depot_of(desk().settings).open(name)
    except FileNotFoundError as gone:
        raise NotFound from gone


def _safe(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
