"""Accounts, for the administrator: list, add, activate and deactivate."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_security import hash_password
from sqlalchemy import or_, select, update
from werkzeug.wrappers import Response

from web.context import desk, me, now
from web.guards import allowed
from workflow import people, policy
from workflow.errors import Invalid, Problem
from workflow.models import Agency, User

bp = Blueprint("people", __name__, url_prefix="/orang")

LEAST_PASSWORD = 12


@bp.get("")
@allowed(policy.may_manage_people)
def index() -> str:
    return _page({}, [])


@bp.post("")
@allowed(policy.may_manage_people)
def add() -> Response | tuple[str, int]:
    posted = request.form.to_dict()
    password = posted.pop("password", "")
    if len(password) < LEAST_PASSWORD:
        short = _("Kata sandi awal minimal %(n)s karakter.", n=LEAST_PASSWORD)
        return _page(posted, [Problem("/password", short)]), 422
    try:
        with desk().database.write() as session:
            people.create_user(
                session,
                now(),
                email=posted.get("email", ""),
                name=posted.get("name", ""),
                position=posted.get("position", "")[:160],
                agency=posted.get("agency") or None,
                roles=request.form.getlist("roles"),
                heads_agency="heads_agency" in posted,
                password_hash=hash_password(password),
            )
    except Invalid as refusal:
        return _page(posted, refusal.problems), 422
    flash(_("Akun dibuat."), "ok")
    return redirect("/orang")


@bp.post("/<int:user_id>/aktif")
@allowed(policy.may_manage_people)
def switch(user_id: int) -> Response:
    """Switch an account on or off; one's own stays on."""
    if user_id != me().id and user_id < 2**31:
        with desk().database.write() as session:
            session.execute(
                update(User).where(User.id == user_id).values(active=request.form.get("active") == "1")
            )
        flash(_("Perubahan disimpan."), "ok")
    return redirect("/orang")


def _page(posted: dict[str, Any], problems: list[Problem]) -> str:
    q = request.args.get("q", "").strip()[:100]
    query = select(User).order_by(User.name).limit(300)
    if q:
        query = query.where(
            or_(
                User.name.icontains(q, autoescape=True),
                User.email.icontains(q, autoescape=True),
            )
        )
    with desk().database.read() as session:
        found = list(session.scalars(query).unique())
        agencies = list(session.scalars(select(Agency).order_by(Agency.path)))
    return render_template(
        "people.html",
        people=found,
        agencies=agencies,
        q=q,
        posted=posted,
        problems=problems,
        roles=policy.GLOBAL_ROLES,
    )
