"""Which mails a person gets: the settings, and the link in a mail that needs no sign-in (RFC 8058)."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from web.context import actor, desk, me, now
from web.guards import signed_in
from workflow import commands
from workflow.errors import NotFound
from workflow.mail_groups import GROUPS, groups_off, read_stop

bp = Blueprint("mails", __name__)


@bp.get("/akun/surel")
@signed_in
def show() -> str:
    with desk().database.read() as session:
        off = groups_off(session, me().id)
    return render_template("account/mails.html", groups=GROUPS, off=off)


@bp.post("/akun/surel")
@signed_in
def choose() -> Response:
    with desk().database.write() as session:
        commands.choose_mails(session, actor(session), request.form.getlist("group"))
    flash(_("Perubahan disimpan."), "ok")
    return redirect("/akun/surel")


@bp.get("/berhenti-surel/<token>")
def ask(token: str) -> str | tuple[str, int]:
    """Programs that follow links change nothing: the button does."""
    found = read_stop(desk().settings, token)
    return _page(found[1], done=False) if found else _unknown()


@bp.post("/berhenti-surel/<token>")
def stop(token: str) -> str | tuple[str, int]:
    """The signed link is the proof, so neither cookie nor CSRF token is asked for; answers no redirect."""
    found = read_stop(desk().settings, token)
    if found is None:
        return _unknown()
    try:
        with desk().database.write() as session:
            commands.stop_mails(session, *found, now())
    except NotFound:
        return _unknown()
    return _page(found[1], done=True)


def _page(group: str, *, done: bool) -> str:
    return render_template("account/stop_mails.html", group=GROUPS[group], done=done)


def _unknown() -> tuple[str, int]:
    return render_template("account/stop_mails.html", group=None, done=False), HTTPStatus.NOT_FOUND
