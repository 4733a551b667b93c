"""A person's own account: who they are to the system, language, API tokens."""

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select, update
from werkzeug.wrappers import Response

from web.context import desk, me, now
from web.guards import signed_in
from web.language import LANGUAGES
from workflow import people
from workflow.models import ApiToken, User

bp = Blueprint("account", __name__, url_prefix="/akun")

TOKEN_DAYS = 90


@bp.get("")
@signed_in
def show() -> str:
    return _page()


@bp.post("")
@signed_in
def change() -> str | Response:
    """Set the language of mails, make a token (shown once), or revoke one."""
    action = request.form.get("_action")
    if action == "token":
        scopes = ["read", "write"] if request.form.get("write") else ["read"]
        with desk().database.write() as session:
            return _page(people.create_token(session, now(), me(), scopes, TOKEN_DAYS))
    with desk().database.write() as session:
        if action == "revoke" and request.form.get("token", "").isdecimal():
            session.execute(
                update(ApiToken)
                .where(ApiToken.id == int(request.form["token"]), ApiToken.user_id == me().id)
                .values(revoked_at=now())
            )
        elif action == "locale" and request.form.get("locale") in LANGUAGES:
            session.execute(update(User).where(User.id == me().id).values(locale=request.form["locale"]))
    flash(_("Perubahan disimpan."), "ok")
    return redirect("/akun")


def _page(secret: str | None = None) -> str:
    with desk().database.read() as session:
        tokens = list(
            session.scalars(
                select(ApiToken)
                .where(
                    ApiToken.user_id == me().id,
                    ApiToken.revoked_at.is_(None),
                    ApiToken.expires_at > now(),
                )
                .order_by(ApiToken.id)
            ).unique()
        )
    return render_template("account/show.html", person=me(), tokens=tokens, secret=secret)
