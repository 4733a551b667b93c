"""Files as downloads, for pages and API alike: evidence and finished packages."""

from flask import Response, send_file

from web.context import desk
from workflow.depot import depot_of
from workflow.errors import NotFound
from workflow.evidence_store import name_of
from workflow.exports.orders import file_of
from workflow.models import Evidence, Export
from workflow.quarantine import require_clean

ZIP = "application/zip"


def send_package(made: Export) -> Response:
    """The file. Raises NotFound where there is none yet or none any more."""
    if made.state != "done":
        raise NotFound
    return _attachment(file_of(made), made.file_name, ZIP, made.size or 0)


def send_proof(proof: Evidence) -> Response:
    """A file of evidence. Raises NotFound where it is gone from the depot, Quarantined where nobody may."""
    with desk().database.read() as session:
        require_clean(session, desk().settings, proof.sha256)
    return _attachment(name_of(proof.sha256), proof.file_name, proof.media_type, proof.size)


def _attachment(name: str, shown: str, media_type: str, size: int) -> Response:
    try:
        file = depot_of(desk().settings).open(name)
    except FileNotFoundError as gone:
        raise NotFound from gone
    response = send_file(file, mimetype=media_type, as_attachment=True, download_name=shown, etag=False)
    response.content_length = size
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
