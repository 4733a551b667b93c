"""Extending the deadline of a case, with what has been extended before."""

from datetime import date

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from web import case_view
from web.context import actor, desk, now
from web.guards import signed_in
from web.language import say as _
from workflow import commands, extensions, queries
from workflow.commands.extension import extending_role
from workflow.definition import process
from workflow.errors import Invalid, Problem

bp = Blueprint("deadline", __name__, url_prefix="/usulan/<number>/tenggat")


@bp.get("")
@signed_in
def show(number: str) -> str | tuple[str, int]:
    return _page(number, [])


@bp.post("")
@signed_in
def extend(number: str) -> Response | tuple[str, int] | str:
    try:
        with desk().database.write() as session:
            until, reason = _date("until"), request.form.get("reason", "")
            commands.extend_deadline(
                session, actor(session), number, until, reason, request.form.get("version")
            )
    except Invalid as refusal:
        return _page(number, refusal.problems)
    flash(_("Batas waktu diperpanjang; pemegang giliran diberi tahu lewat surel."), "ok")
    return redirect(f"/usulan/{number}")


def _page(number: str, problems: list[Problem]) -> str | tuple[str, int]:
    with desk().database.read() as session:
        who = actor(session)
        case = commands.find(session, who, number)
        rule = process(case.process).states[case.state].extend
        if rule is not None:
            extending_role(who, case, rule)
        room = extensions.room(session, case, now())
        past = extensions.of_stay(session, case)
        people = queries.people_by_id(session, {e.actor_id for e in past if e.actor_id})
    html = render_template(
        "cases/deadline.html",
        case=case,
        room=room,
        past=[case_view.extension(event, people) for event in past],
        words=case_view.due_words(case, now()),
        problems=problems,
        posted=request.form,
        version=commands.etag(case),
    )
    return (html, 422) if problems else html


def _date(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None
