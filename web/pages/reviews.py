"""The reviewer's desk: what waits, and the form for one case; save and go on to the next."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from web import case_view, forms
from web.context import actor, desk, me, now
from web.guards import signed_in
from web.language import locale
from web.once import once
from workflow import commands, dates, policy, queries, validation
from workflow.commands.review import review_draft
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, Problem
from workflow.models import Case

bp = Blueprint("reviews", __name__, url_prefix="/telaah")


@bp.get("")
@signed_in
def queue() -> str:
    with desk().database.read() as session:
        owed, done = queries.review_queue(session, me())
    rows = [case_view.row(case, now(), locale()) for case in owed]
    return render_template("reviews/queue.html", rows=rows, done=done, total=done + len(rows))


@bp.get("/<number>")
@signed_in
def show(number: str) -> str:
    return _page(number, None, [])


@bp.post("/<number>")
@signed_in
def give(number: str) -> str | Response | tuple[str, int]:
    document = _posted(number)
    if request.form.get("_action") == "save":
        return _save(number, document)
    try:
        with desk().database.write() as session, once(session, document) as call:
            if call.location is None:
                commands.give_review(session, actor(session), number, document)
                call.location = "/telaah"
    except Invalid as refusal:
        return _page(number, document, refusal.problems), 422
    flash(_("Penilaian Anda sudah dicatat."), "ok")
    return redirect(_following() or "/telaah")


@bp.post("/<number>/draf")
@signed_in
def autosave(number: str) -> Response | tuple[Response, int]:
    document = _posted(number)
    try:
        with desk().database.write() as session:
            draft = commands.save_review_draft(session, actor(session), number, document)
    except Invalid as refusal:
        return jsonify(errors=[{"pointer": p.pointer, "message": p.message} for p in refusal.problems]), 422
    return jsonify(saved_text=_("Tersimpan %(time)s", time=dates.clock_time(draft.saved_at)))


def _save(number: str, document: dict[str, Any]) -> Response | tuple[str, int]:
    try:
        with desk().database.write() as session:
            commands.save_review_draft(session, actor(session), number, document)
    except Invalid as refusal:
        return _page(number, document, refusal.problems), 422
    flash(_("Draf penilaian tersimpan."), "ok")
    return redirect("/telaah")


def _following() -> str | None:
    with desk().database.read() as session:
        owed, _done = queries.review_queue(session, me())
    return f"/telaah/{owed[0].number}" if owed else None


def _case(number: str) -> tuple[Case, str]:
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
    rule = process(case.process).states[case.state].review
    if rule is None or "reviewer" not in policy.roles_on(me(), case):
        raise Forbidden("Usulan ini tidak sedang Anda telaah.")
    return case, rule.rubric


def _posted(number: str) -> dict[str, Any]:
    _case_row, rubric = _case(number)
    return forms.parse(rubric, request.form.to_dict(flat=False))


def _page(number: str, document: dict[str, Any] | None, problems: list[Problem]) -> str:
    case, rubric = _case(number)
    with desk().database.read() as session:
        draft = review_draft(session, case, rubric, me())
        owed, done = queries.review_queue(session, me())
    if document is None:
        document = dict(draft.data) if draft else {}
    sections = forms.sections(rubric, document, locale(), problems)
    filled = [
        {
            "title": validation.label(name, [], locale()),
            "sections": forms.answers(name, held, locale()),
        }
        for name, held in case.forms.items()
        if isinstance(held, dict)
    ]
    return render_template(
        "reviews/show.html",
        case=case,
        row=case_view.row(case, now(), locale()),
        title=validation.label(rubric, [], locale()),
        criteria=_criteria(rubric, sections),
        rest=[f for s in sections for f in s.fields if f.name != "/scores"],
        problems=forms.problem_links(rubric, problems),
        forms=filled,
        done=done,
        total=done + len(owed),
        given=number not in {c.number for c in owed},
        saved_text=_("Tersimpan %(time)s", time=dates.clock_time(draft.saved_at)) if draft else None,
    )


def _criteria(rubric: str, sections: list[forms.Section]) -> list[dict[str, Any]]:
    nodes = validation.schema(rubric)["properties"]["scores"]["properties"]
    group = next(f for s in sections for f in s.fields if f.name == "/scores")
    return [
        {
            "name": field.name,
            "id": field.id,
            "title": field.title,
            "help": field.help,
            "weight": node.get("x-weight"),
            "value": field.value,
            "levels": _levels(node),
            "problems": field.problems,
        }
        for field, node in zip(group.children, nodes.values(), strict=True)
    ]


def _levels(node: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    english = locale() == "en"
    return [
        {
            "from": level["from"],
            "text": (level.get("text_en") if english else None) or level["text"],
        }
        for level in node.get("x-ui", {}).get("levels", [])
    ]
