"""The redacted copy of a blind round beside the original: read it, change it, say that it was looked at."""

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from web.context import actor, desk, me
from web.guards import signed_in
from web.language import say as _
from workflow import commands, policy, queries, redaction
from workflow.errors import Forbidden, Invalid, Problem

bp = Blueprint("redaction", __name__, url_prefix="/usulan/<number>/samaran")

TEXT = "text:"


@bp.get("")
@signed_in
def show(number: str) -> str:
    return _page(number, {}, [])


@bp.post("")
@signed_in
def check(number: str) -> Response | tuple[str, int]:
    """A text left as it is shown stays what it was; nothing has to be changed to say that it was read."""
    texts = {name.removeprefix(TEXT): v for name, v in request.form.items() if name.startswith(TEXT)}
    try:
        with desk().database.write() as session:
            commands.redact(session, actor(session), number, texts, request.form.get("seen"))
    except Invalid as refusal:
        return _page(number, texts, refusal.problems), 422
    flash(_("Salinan tersamar sudah diperiksa. Tugaskan penelaahnya."), "ok")
    return redirect(f"/usulan/{number}/penelaah")


def _page(number: str, posted: dict[str, str], problems: list[Problem]) -> str:
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        if not policy.may_redact(me(), case):
            raise Forbidden(
                "Salinan tersamar diperiksa oleh yang menugaskan penelaah, selama putaran tersamar."
            )
        copy = redaction.copy_of(session, case)
        event = copy.check.event if copy.check else None
        people = queries.people_by_id(session, {event.actor_id} if event and event.actor_id else set())
    faults = {problem.pointer.removeprefix("/"): problem.message for problem in problems}
    return render_template(
        "cases/redaction.html",
        case=case,
        copy=copy,
        by=people.get(event.actor_id or 0) if event else None,
        seen=redaction.revision_of(case),
        mark=redaction.MARK,
        longest=redaction.LONGEST,
        rows=[(text, posted.get(text.at, text.shown), faults.get(text.at)) for text in copy.texts],
        problems=problems,
    )
