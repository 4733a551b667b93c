"""The discussion of a case: what was said to whom, and saying something more."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from web.context import actor, desk, me
from web.guards import signed_in
from web.language import locale
from web.language import say as _
from web.once import once
from workflow import commands, discussion, policy, validation
from workflow.errors import Invalid, Problem
from workflow.models import Case, User
from workflow.phrases import ROLE_NAMES

bp = Blueprint("discussion", __name__, url_prefix="/usulan/<number>/diskusi")


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
    try:
        with desk().database.write() as session, once(session, document) as call:
            if call.location is None:
                event = commands.discuss(session, actor(session), number, document)
                call.location = f"/usulan/{number}/diskusi#p{event.id}"
    except Invalid as refusal:
        return _page(number, document, refusal.problems), 422
    return redirect(call.location or f"/usulan/{number}/diskusi")


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
        key=request.form.get("key") or uuid4().hex,
    )


def _choices(case: Case, readers: Iterable[User]) -> list[tuple[User, str]]:
    """Who may be mentioned, each with their role."""
    others = (user for user in readers if user.id != me().id)
    return [(user, _(ROLE_NAMES[policy.speaks_as(user, case) or "auditor"])) for user in others]
