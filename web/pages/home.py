"""The public front page and each person's own."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from web import blind, case_view
from web.context import desk, me, now
from web.guards import signed_in
from web.language import COOKIE, LANGUAGES, locale
from web.sharing import shareable
from workflow import case_lists, held, policy, queries
from workflow.definition import process, versions

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
        waiting = len(held.listed(session, user)) if policy.may_hold(user) else 0
        short = queries.short_rounds(session, user, now())
        over = {case.id for case, _lack in short}
        lacking = [case for case in queries.needs_reviewers(session, user) if case.id not in over]
        own = case_lists.list_cases(session, user, now(), case_lists.Filters(), limit=10)
    rows = [blind.row(case) for case in mine]
    others = [case_view.row(c, now(), locale()) for c in own.cases if c not in mine and c.id not in over]
    return render_template(
        "work.html",
        rows=rows,
        held=waiting,
        short=[case_view.row(case, now(), locale()) | {"lack": lack} for case, lack in short],
        lacking=[case_view.row(case, now(), locale()) for case in lacking],
        others=others,
        late=sum(1 for row in rows if row["late"]),
        total=own.total,
        viewer=user,
    )


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
