"""The panel: who can be asked to review, their load, expertise, posts, end of access and stand-ins."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from web.context import actor, desk, me, now
from web.guards import allowed, signed_in
from workflow import commands, policy, queries
from workflow.calendar import wib_date
from workflow.errors import Invalid, NotFound, Problem, Refused
from workflow.models import Agency, User
from workflow.validation import schema

bp = Blueprint("panel", __name__, url_prefix="/penelaah")

POST_ROWS = 3


@bp.get("")
@allowed(policy.may_edit_reviewers)
def index() -> str:
    with desk().database.read() as session:
        people = queries.reviewers(session)
        load, done = queries.review_load(session), queries.reviews_given(session)
        away = queries.absences(session, wib_date(now()))
    rows = [
        {
            "user": user,
            "href": f"/penelaah/{user.id}",
            "load": load.get(user.id, 0),
            "done": done.get(user.id, 0),
            "away": away.get(user.id, []),
            "active": policy.is_active(user, now()),
        }
        for user in people
    ]
    rows.sort(key=lambda row: (not row["active"], -int(str(row["load"]))))
    return render_template("panel/index.html", rows=rows)


@bp.get("/<int:user_id>")
@allowed(policy.may_edit_reviewers)
def show(user_id: int) -> str:
    return _profile(_user(user_id), None, [])


@bp.post("/<int:user_id>")
@allowed(policy.may_edit_reviewers)
def keep(user_id: int) -> Response | tuple[str, int]:
    user, document = _user(user_id), _document()
    try:
        with desk().database.write() as session:
            commands.set_profile(session, actor(session), user.id, document)
    except Invalid as refusal:
        return _profile(user, document, refusal.problems), 422
    flash(_("Profil disimpan. Penugasan yang kini berbenturan kepentingan diakhiri."), "ok")
    return redirect(f"/penelaah/{user.id}")


def _user(user_id: int) -> User:
    with desk().database.read() as session:
        user = session.get(User, user_id) if user_id < 2**31 else None
    if user is None:
        raise NotFound
    return user


def _document() -> dict[str, Any]:
    posted = request.form
    posts = [
        {"agency": agency, "until": until}
        for agency, until in zip(posted.getlist("post_agency"), posted.getlist("post_until"), strict=False)
        if agency or until
    ]
    document: dict[str, Any] = {
        "expertise": {"affairs": posted.getlist("affairs"), "categories": posted.getlist("categories")},
        "former_posts": [{key: value for key, value in post.items() if value} for post in posts],
    }
    return document | {key: posted[key] for key in ("agency", "access_until") if posted.get(key)}


def _profile(user: User, document: dict[str, Any] | None, problems: list[Problem]) -> str:
    with desk().database.read() as session:
        agencies = list(session.scalars(select(Agency).order_by(Agency.path)))
        away = queries.absences(session, wib_date(now())).get(user.id, [])
        others = [u for u in queries.reviewers(session) if u.id != user.id and policy.is_active(u, now())]
    held = document or _held(user)
    blank: dict[str, str] = {}
    posts = [*held["former_posts"], *[blank] * POST_ROWS][: max(POST_ROWS, len(held["former_posts"]))]
    parts = schema("reviewer_profile")["properties"]["expertise"]["properties"]
    return render_template(
        "panel/show.html",
        person=user,
        held=held,
        posts=posts,
        problems=problems,
        agencies=agencies,
        affairs=parts["affairs"]["items"]["enum"],
        away=away,
        others=others,
        today=wib_date(now()),
        address=f"/penelaah/{user.id}/pengganti",
    )


def _held(user: User) -> dict[str, Any]:
    return {
        "agency": user.agency.code if user.agency else "",
        "expertise": {"affairs": [], "categories": [], **user.expertise},
        "former_posts": user.former_posts,
        "access_until": wib_date(user.expires_at).isoformat() if user.expires_at else "",
    }


# --- stand-ins ----------------------------------------------------------------------------------------


@bp.post("/<int:user_id>/pengganti")
@signed_in
def stand_in(user_id: int) -> Response:
    """Name a stand-in, or take one back; for oneself, or for others by those who keep the panel."""
    back = "/telaah/pengganti" if user_id == me().id else f"/penelaah/{user_id}"
    try:
        with desk().database.write() as session:
            if request.form.get("_action") == "end":
                commands.end_substitute(session, actor(session), _number("row"))
            else:
                first, last = _day("starts_on"), _day("ends_on")
                reason = request.form.get("reason", "")
                other = _number("substitute")
                commands.set_substitute(session, actor(session), user_id, other, first, last, reason)
    except (Invalid, Refused) as refusal:
        found = refusal.problems if isinstance(refusal, Invalid) else refusal.reasons
        flash(" ".join(item.message for item in found), "error")
    else:
        flash(_("Pengganti disimpan. Telaah yang menunggu dialihkan saat masanya mulai."), "ok")
    return redirect(back)


def _number(name: str) -> int:
    text = request.form.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise Invalid([Problem(f"/{name}", _("Isi tanggal mulai dan tanggal akhir."))]) from None
