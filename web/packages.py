"""A finished package as a download, for pages and API alike."""

from flask import Response, send_file

from web.context import desk
from workflow.errors import NotFound
from workflow.exports.orders import file_of
from workflow.models import Export

ZIP = "application/zip"


def send_package(made: Export) -> Response:
    """The file. Raises NotFound where there is none yet or none any more."""
    path = file_of(desk().settings, made).absolute()
    if made.state != "done" or not path.exists():
        raise NotFound
    response = send_file(
        path,
        mimetype=ZIP,
        as_attachment=True,
        download_name=made.file_name,
        conditional=False,
        etag=False,
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
