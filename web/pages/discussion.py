"""The discussion of a case: what was said to whom, and saying something more."""

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

from flask import Blueprint, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from web.context import actor, desk, me
from web.downloads import send_proof
from web.guards import signed_in
from web.language import locale
from web.language import say as _
from web.once import once
from web.staging import stage_all
from workflow import commands, discussion, policy, quarantine, validation
from workflow.discussion import MOST_FILES
from workflow.errors import Invalid, NotFound, Problem
from workflow.evidence_store import ENDINGS, LARGEST, EvidenceStore, Staged, clean_name
from workflow.models import Case, Event, User
from workflow.phrases import ROLE_NAMES

bp = Blueprint("discussion", __name__, url_prefix="/usulan/<number>/diskusi")


MOST_SENT, FORM_ROOM = MOST_FILES * LARGEST, 100_000
LARGEST_ID = 2**31 - 1


@bp.url_value_preprocessor
def admit(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Files are larger than forms; said before anything reads the body."""
    request.max_content_length = MOST_SENT + FORM_ROOM


@bp.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> tuple[str, int]:
    text = _("Kiriman melebihi %(most)s MB. Kirim dalam beberapa kali.", most=MOST_SENT // 1024 // 1024)
    return _page(str((request.view_args or {}).get("number", "")), {}, [Problem("/file", text)]), 413


@bp.get("")
@signed_in
def show(number: str) -> str:
    return _page(number, {}, [])


@bp.post("")
@signed_in
def say(number: str) -> Response | tuple[str, int]:
    document: dict[str, Any] = {
        "audience": request.form.get("audience", ""),
        "text": request.form.get("text", ""),
        "mentions": request.form.getlist("mentions"),
    }
    with desk().database.read() as session:
        commands.find(session, actor(session), number)
    files = [file for file in request.files.getlist("file") if file.filename]
    try:
        with ExitStack() as stack:
            staged = _staged(stack, files)
            sent = document | {"files": [held.sha256 for held in staged]}
            with desk().database.write() as session, once(session, sent) as call:
                if call.location is None:
                    event = _say(session, number, document, files, staged)
                    call.location = f"/usulan/{number}/diskusi#p{event.id}"
    except Invalid as refusal:
        return _page(number, document, refusal.problems), 422
    return redirect(call.location or f"/usulan/{number}/diskusi")


def _staged(stack: ExitStack, files: list[FileStorage]) -> list[Staged]:
    if len(files) > MOST_FILES:
        text = _("Paling banyak %(n)s berkas untuk satu pesan.", n=MOST_FILES)
        raise Invalid([Problem("/file", text)])
    return stage_all(stack, EvidenceStore.of(desk().settings), files)


def _say(
    session: Session, number: str, document: dict[str, Any], files: list[FileStorage], staged: list[Staged]
) -> Event:
    """The message with its files, which are in the store before it is said."""
    new = [
        commands.NewAttachment(
            clean_name(file.filename or "", held.media_type), held.media_type, held.size, held.sha256
        )
        for file, held in zip(files, staged, strict=True)
    ]
    event = commands.discuss(session, actor(session), number, document, new)
    for held in staged:
        EvidenceStore.of(desk().settings).keep(held)
    return event


@bp.get("/berkas/<int:file_id>")
@signed_in
def fetch(number: str, file_id: int) -> Response:
    """A file of a message, for who may read the message."""
    if file_id > LARGEST_ID:
        raise NotFound
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        found = discussion.attachment(session, me(), case, file_id)
    if found is None:
        raise NotFound
    return send_proof(found)


def _page(number: str, posted: dict[str, Any], problems: list[Problem]) -> str:
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        open_to = discussion.audiences(session, me(), case)
        messages = discussion.messages(session, me(), case)
        readers = discussion.addressable(session, case, "everyone") if open_to else []
    labels = validation.schema("message_create")["properties"]["audience"]["x-ui"]
    return render_template(
        "cases/discussion.html",
        case=case,
        messages=messages,
        open_to=open_to[::-1],
        labels=labels["labels_en" if locale() == "en" else "labels"],
        people=_choices(case, readers),
        may_speak=bool(open_to) and policy.speaks_as(me(), case) is not None,
        posted=posted,
        problems=problems,
        states={f.id: quarantine.state_of(f.stored, desk().settings) for m in messages for f in m.files},
        most=MOST_FILES,
        most_sent=MOST_SENT // 1024 // 1024,
        endings=", ".join(ending for kinds in ENDINGS.values() for ending in kinds),
        key=request.form.get("key") or uuid4().hex,
    )


def _choices(case: Case, readers: Iterable[User]) -> list[tuple[User, str]]:
    """Who may be mentioned, each with their role."""
    others = (user for user in readers if user.id != me().id)
    return [(user, _(ROLE_NAMES[policy.speaks_as(user, case) or "auditor"])) for user in others]
