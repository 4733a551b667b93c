"""The reviewer's desk: what waits, and the form for one case; save and go on to the next."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import blind, dates, forms
from web.context import actor, desk, me, now
from web.guards import signed_in
from web.language import locale
from web.once import once
from workflow import commands, policy, queries, readable, redaction, revision, validation
from workflow.calendar import wib_date
from workflow.commands.find import find_for_review, last_asked
from workflow.commands.review import closed, desk_of, review_draft
from workflow.definition import ReviewRule, process
from workflow.errors import Forbidden, Invalid, Problem, Reason
from workflow.guards import reviews_of
from workflow.ledger import Actor
from workflow.models import Case

bp = Blueprint("reviews", __name__, url_prefix="/telaah")


@bp.get("")
@signed_in
def queue() -> str:
    with desk().database.read() as session:
        owed, done = queries.review_queue(session, me())
    rows = [blind.row(case) for case in owed]
    return render_template("reviews/queue.html", rows=rows, done=done, total=done + len(rows))


@bp.get("/pengganti")
@signed_in
def stand_in() -> str:
    """One's own stand-ins."""
    if "reviewer" not in me().global_roles:
        raise Forbidden("Halaman ini untuk penelaah.")
    with desk().database.read() as session:
        away = queries.absences(session, wib_date(now())).get(me().id, [])
        others = [u for u in queries.reviewers(session) if u.id != me().id and policy.is_active(u, now())]
    address = f"/penelaah/{me().id}/pengganti"
    today = wib_date(now())
    return render_template("reviews/stand_in.html", away=away, others=others, today=today, address=address)


@bp.get("/benturan")
@signed_in
def conflicts() -> str:
    """Say beforehand which innovations one must not be asked about."""
    if "reviewer" not in me().global_roles:
        raise Forbidden("Halaman ini untuk penelaah.")
    with desk().database.read() as session:
        rows = queries.declarable(session, me())
    return render_template("reviews/conflicts.html", rows=[{"case": c, "said": said} for c, said in rows])


@bp.post("/<number>/benturan")
@signed_in
def declare(number: str) -> Response:
    return _leave(number, commands.declare_conflict, _("Benturan kepentingan tercatat. Terima kasih."))


@bp.post("/<number>/mundur")
@signed_in
def abstain(number: str) -> Response:
    return _leave(number, commands.abstain, _("Penugasan berakhir; koordinator diberi tahu."))


def _leave(number: str, command: Callable[[Session, Actor, str, str], Case], done: str) -> Response:
    back = request.form.get("back", "")
    home = "/telaah/benturan" if back == "benturan" else "/telaah"
    try:
        with desk().database.write() as session:
            command(session, actor(session), number, request.form.get("reason", ""))
    except Invalid as refusal:
        flash(refusal.problems[0].message, "error")
        return redirect(home if back else f"/telaah/{number}#keluar")
    flash(done, "ok")
    return redirect(home)


@bp.get("/<number>/lewati")
@signed_in
def skip(number: str) -> Response:
    """The one after this in the queue; this one stays where it is."""
    with desk().database.read() as session:
        owed, _done = queries.review_queue(session, me())
    numbers = [case.number for case in owed]
    following = (numbers.index(number) + 1) % len(numbers) if number in numbers else 0
    return redirect(f"/telaah/{numbers[following]}" if numbers else "/telaah")


@bp.get("/<number>")
@signed_in
def show(number: str) -> str:
    case, reason = _stand(number)
    return _page(number, None, []) if reason is None else _gone(case, reason)


@bp.post("/<number>")
@signed_in
def give(number: str) -> str | Response | tuple[str, int]:
    case, reason = _stand(number)
    document = _posted(number)
    if reason is not None:
        return _too_late(case, reason, document)
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
    _case, reason = _stand(number)
    if reason is not None:
        return jsonify(saved_text=reason.message, href=f"/telaah/{number}"), 410
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


def _stand(number: str) -> tuple[Case, Reason | None]:
    """The case and why this person can no longer judge it; raises NotFound for whoever was never asked."""
    with desk().database.read() as session:
        case = find_for_review(session, actor(session), number)
    reason = closed(case, me())
    if reason is not None and last_asked(case, me()) is None:
        raise Forbidden(reason.message)
    return case, reason


def _posted(number: str) -> dict[str, Any]:
    with desk().database.read() as session:
        who = actor(session)
        rubric, _user = desk_of(find_for_review(session, who, number), who)
    return forms.parse(rubric, request.form.to_dict(flat=False))


def _too_late(case: Case, reason: Reason, document: dict[str, Any]) -> tuple[str, int]:
    """Nothing written is lost: it is kept as a draft, and the page says why it was not taken."""
    with suppress(Invalid), desk().database.write() as session:
        commands.save_review_draft(session, actor(session), case.number, document)
    return _gone(case, reason), 409


def _gone(case: Case, reason: Reason) -> str:
    """The assignment or the round has ended: why, and what this person had written."""
    with desk().database.read() as session:
        who = actor(session)
        rubric, user = desk_of(case, who)
        draft = review_draft(session, case, rubric, user)
    written = readable.answers(rubric, draft.data, locale()) if draft else []
    title = blind.title_of(case)
    return render_template("reviews/gone.html", case=case, title=title, reason=reason, written=written)


def _page(number: str, document: dict[str, Any] | None, problems: list[Problem]) -> str:
    case, _reason = _stand(number)
    rule = _rule(case)
    rubric = rule.rubric
    with desk().database.read() as session:
        draft = review_draft(session, case, rubric, me())
        owed, done = queries.review_queue(session, me())
        read = _reading(session, case)
        peers = _peers(session, case) if blind.is_blind(case) else []
    if document is None:
        document = dict(draft.data) if draft else {}
    sections = forms.sections(rubric, document, locale(), problems)
    return render_template(
        "reviews/show.html",
        case=case,
        row=blind.row(case),
        peers=peers,
        title=validation.label(rubric, [], locale()),
        criteria=_criteria(rubric, sections),
        rest=[f for s in sections for f in s.fields if f.name != "/scores"],
        problems=forms.problem_links(rubric, problems),
        **read,
        done=done,
        total=done + len(owed),
        given=number not in {c.number for c in owed},
        rule=rule,
        more=len(owed) > 1,
        saved_text=_("Tersimpan %(time)s", time=dates.clock_time(draft.saved_at)) if draft else None,
    )


def _reading(session: Session, case: Case) -> dict[str, Any]:
    """What is judged: forms, requests of a revision, what changed; as a redacted copy in a blind round."""
    changes = revision.changes(session, case, me().id, locale())
    if not blind.is_blind(case):
        return {
            "agency": case.agency.name,
            "copy": None,
            "forms": _filled(case.forms),
            "files": revision.files(session, case.id),
            "changes": changes,
            "requests": revision.requests(case),
        }
    copy = redaction.copy_of(session, case)
    return {
        "agency": redaction.MARK,
        "copy": copy,
        "forms": _filled(copy.forms),
        "files": {},
        "changes": changes,
        "requests": revision.requests_in(copy.forms),
    }


def _filled(held: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "title": validation.label(name, [], locale()),
            "sections": readable.answers(name, document, locale()),
        }
        for name, document in held.items()
        if isinstance(document, dict)
    ]


def _peers(session: Session, case: Case) -> list[dict[str, Any]]:
    """The other reviews of a blind round, where its rule opens them: numbered, their words redacted."""
    given = reviews_of(session, case)
    mine = any(r.reviewer_id == me().id for r in given)
    others = _rule(case).others
    if not policy.may_see_reviews(me(), case, reviewed_by_me=mine, others=others):
        return []
    redact = redaction.redactor(session, case)
    return [
        {"score": r.score, "recommendation": r.recommendation, "comment": redact(r.comment)}
        for r in given
        if r.reviewer_id != me().id
    ]


def _rule(case: Case) -> ReviewRule:
    rule = process(case.process).states[case.state].review
    if rule is None:
        raise Forbidden("Usulan ini tidak sedang ditelaah.")
    return rule


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
