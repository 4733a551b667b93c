"""A person's own account: who they are to the system, how they sign in, API tokens, what happened."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from flask.wrappers import Response
from flask_babel import gettext as _
from flask_security import auth_required
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select, update
from werkzeug.wrappers import Response as BaseResponse

from web.accounts import FRESH
from web.context import desk, me, now
from web.errors import wants_json
from web.guards import signed_in
from web.language import LANGUAGES
from workflow import people, sign_ins
from workflow.models import ApiToken, Passkey, User

bp = Blueprint("account", __name__, url_prefix="/akun")

TOKEN_DAYS = 90

fresh = auth_required("session", within=FRESH, grace=FRESH)
"""Only for who has just shown who they are; others are asked once more and come back."""


@bp.get("")
@signed_in
def show() -> str:
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
        keys = list(session.scalars(select(Passkey).where(Passkey.user_id == me().id)))
        happened = sign_ins.of_person(session, me().id)
    return render_template("account/show.html", person=me(), tokens=tokens, keys=keys, happened=happened)


@bp.post("")
@signed_in
def change() -> BaseResponse:
    """Set the language of mails, or revoke a token."""
    action = request.form.get("_action")
    with desk().database.write() as session:
        if action == "revoke" and request.form.get("token", "").isdecimal():
            session.execute(
                update(ApiToken)
                .where(ApiToken.id == int(request.form["token"][:9]), ApiToken.user_id == me().id)
                .values(revoked_at=now())
            )
        elif action == "locale" and request.form.get("locale") in LANGUAGES:
            session.execute(update(User).where(User.id == me().id).values(locale=request.form["locale"]))
    flash(_("Perubahan disimpan."), "ok")
    return redirect("/akun")


@bp.get("/token")
@fresh
def new_token() -> str:
    return render_template("account/token.html", secret=None, days=TOKEN_DAYS)


@bp.post("/token")
@fresh
def make_token() -> str:
    """Make a token; this page is the one time it is shown."""
    scopes = ["read", "write"] if request.form.get("write") else ["read"]
    with desk().database.write() as session:
        secret = people.create_token(session, now(), me(), scopes, TOKEN_DAYS)
        sign_ins.note(session, me().id, sign_ins.TOKEN_MADE, request.remote_addr, now())
    return render_template("account/token.html", secret=secret, days=TOKEN_DAYS)


@bp.get("/dua-langkah/selesai")
@signed_in
def second_factor_changed() -> BaseResponse:
    """Whoever has just switched it on needs recovery codes next."""
    return redirect("/akun/kode-pemulihan" if me().tf_primary_method else "/akun")


@bp.get("/sesi")
@signed_in
def session() -> str | Response:
    """For a form whose session ended: whose the new one is, and its token. For people: go back to it."""
    if wants_json():
        return jsonify(account=str(me().id), csrf_token=generate_csrf())
    return render_template("account/back.html")
