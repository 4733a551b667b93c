"""The public front page and each person's own."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from web import blind, case_view
from web.context import desk, me, now
from web.guards import signed_in
from web.language import COOKIE, LANGUAGES, locale
from web.sharing import shareable
from workflow import case_lists, held, lacking, policy, queries
from workflow.definition import process, versions
from workflow.models import Case

bp = Blueprint("home", __name__)


@bp.get("/")
@shareable
def front() -> str:
    """What the public may know: how many innovations have come how far, and which are in use."""
    flow = process(versions()[-1])
    with desk().database.read() as session:
        reached = queries.funnel(session)
        figures = queries.public_figures(session)
        recent = queries.public_recent(session)
    journey = [
        {"label": flow.stages[name].title(locale()), "value": count} for name, count in reached.items()
    ]
    cards = [{"case": case, "marks": case_view.stage_marks(case, now(), locale())} for case in recent]
    return render_template("front.html", journey_rows=journey, figures=figures, cards=cards)


@bp.get("/beranda")
@signed_in
def work() -> str:
    user = me()
    with desk().database.read() as session:
        mine = queries.work_of(session, user)
        held_back = len(held.listed(session, user)) if policy.may_hold(user) else 0
        short, lacks = lacking.short_rounds(session, user, now())
        unstaffed = lacking.needing_reviewers(session, user)
        over = {case.id for case in short.cases}
        own = case_lists.list_cases(session, user, now(), case_lists.Filters(), limit=10)
        waiting, _unread = queries.waiting_for(session, user)
    rows = [blind.row(case) for case in mine]
    others = [_row(case) for case in own.cases if case not in mine and case.id not in over]
    return render_template(
        "work.html",
        rows=rows,
        waiting=waiting,
        held=held_back,
        short=[_row(case) | {"lack": lacks.get(case.id, "")} for case in short.cases],
        short_total=short.total,
        lacking=[_row(case) for case in unstaffed.cases if case.id not in over],
        lacking_total=unstaffed.total,
        others=others,
        late=sum(1 for row in rows if row["late"]),
        total=own.total,
        viewer=user,
    )


def _row(case: Case) -> dict[str, Any]:
    return case_view.row(case, now(), locale())


@bp.post("/bahasa")
def language() -> BaseResponse:
    chosen = request.form.get("lang", "id")
    target = request.form.get("next", "/")
    safe = target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"
    response = redirect(safe)
    if chosen in LANGUAGES:
        response.set_cookie(COOKIE, chosen, max_age=31_536_000, samesite="Lax", httponly=True)
    return response


@bp.get("/privasi")
@shareable
def privacy() -> str:
    return render_template("privacy.html")


@bp.get("/favicon.ico")
def favicon() -> BaseResponse:
    return redirect(url_for("static", filename="dist/brand.svg"))
