"""Who reviews a case: assigning and releasing, with what speaks against each."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from web.context import actor, desk, me, now
from web.guards import signed_in
from workflow import commands, policy, queries, redaction
from workflow.definition import process
from workflow.errors import DomainError, Forbidden, Invalid, Refused
from workflow.guards import reviews_of

bp = Blueprint("reviewers", __name__, url_prefix="/usulan/<number>/penelaah")


@bp.get("")
@signed_in
def show(number: str) -> str:
    return _page(number)


@bp.post("")
@signed_in
def change(number: str) -> Response | tuple[str, int]:
    email, release = request.form.get("email", ""), request.form.get("_action") == "release"
    command = commands.release_reviewer if release else commands.assign_reviewer
    try:
        with desk().database.write() as session:
            command(session, actor(session), number, email, request.form.get("version"))
    except (Invalid, Refused) as refusal:
        return _page(number, refusal), 409 if isinstance(refusal, Refused) else 422
    flash(
        _("Penugasan dicabut.") if release else _("Penelaah ditugaskan; pemberitahuan dikirim lewat surel."),
        "ok",
    )
    return redirect(f"/usulan/{number}/penelaah")


@bp.post("/benturan")
@signed_in
def dismiss(number: str) -> Response | tuple[str, int]:
    """Set a conflict of interest aside, with the reason."""
    user_id = request.form.get("user", "")
    try:
        with desk().database.write() as session:
            commands.dismiss_conflict(
                session,
                actor(session),
                number,
                int(user_id) if user_id.isdecimal() and len(user_id) < 10 else 0,  # noqa: PLR2004
                request.form.get("ground", ""),
                request.form.get("reason", ""),
            )
    except (Invalid, Refused) as refusal:
        text = refusal.problems[0].message if isinstance(refusal, Invalid) else str(refusal)
        return _page(number, Forbidden(text)), 409 if isinstance(refusal, Refused) else 422
    flash(_("Benturan dikesampingkan; alasannya tercatat dalam riwayat."), "ok")
    return redirect(f"/usulan/{number}/penelaah")


def _page(number: str, refusal: DomainError | None = None) -> str:
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        rule = process(case.process).states[case.state].review
        if not (rule and set(rule.assign) & policy.roles_on(me(), case)):
            raise Forbidden("Penelaah ditugaskan oleh penyelenggara atau koordinator selama usulan ditelaah.")
        pool = queries.reviewers_for(session, case, now())
        load = queries.review_load(session)
        given = reviews_of(session, case)
        copy = redaction.copy_of(session, case) if rule.blind else None
    answered = {r.reviewer_id for r in given}
    assigned = case.holders("reviewer", case.state)
    rows: list[dict[str, Any]] = [
        {
            "user": user,
            "findings": findings,
            "conflict": " ".join(f.message for f in findings if not f.dismissed) or None,
            "load": load.get(user.id, 0),
            "assigned": user in assigned,
        }
        for user, findings in pool
    ]
    rows.sort(key=lambda r: (not r["assigned"], r["conflict"] is not None, r["load"], r["user"].name))
    return render_template(
        "cases/reviewers.html",
        case=case,
        rule=rule,
        copy=copy,
        rows=rows,
        assigned=assigned,
        answered=answered,
        version=commands.etag(case),
        refusal=refusal,
        set_aside={r.reviewer_id for r in given if r.set_aside_at},
        may_dismiss=policy.may_dismiss(me(), case),
    )
