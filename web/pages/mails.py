"""Which mails a person gets: the settings, and the link in a mail that needs no sign-in (RFC 8058)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from web.context import actor, desk, me, now
from web.guards import signed_in
from workflow import commands, mail_times
from workflow.errors import Invalid, NotFound, Problem
from workflow.mail_groups import GROUPS, STOPPABLE, choices, read_stop, ways_of

bp = Blueprint("mails", __name__)


@bp.get("/akun/surel")
@signed_in
def show() -> str:
    with desk().database.read() as session:
        ways, quiet = choices(session, me().id), mail_times.quiet_of(session, me().id)
    return _settings(ways, _written(quiet), [])


@bp.post("/akun/surel")
@signed_in
def choose() -> Response | tuple[str, int]:
    posted = request.form
    wanted = {name: posted[f"way-{name}"] for name in GROUPS if f"way-{name}" in posted}
    quiet = {"starts": posted.get("starts", "")[:20], "ends": posted.get("ends", "")[:20]}
    days_off = "days_off" in posted
    try:
        with desk().database.write() as session:
            commands.choose_mails(session, actor(session), wanted)
            commands.set_quiet(session, actor(session), **quiet, days_off=days_off)
    except Invalid as refusal:
        with desk().database.read() as session:
            ways = choices(session, me().id) | wanted
        return _settings(ways, {**quiet, "days_off": days_off}, refusal.problems), 422
    flash(_("Perubahan disimpan."), "ok")
    return redirect("/akun/surel")


def _settings(ways: Mapping[str, str], quiet: Mapping[str, object], problems: Sequence[Problem]) -> str:
    return render_template(
        "account/mails.html",
        groups=GROUPS,
        ways_of=ways_of,
        ways=ways,
        quiet=quiet,
        problems=problems,
        hour=f"{desk().settings.digest_hour:02}.00",
    )


def _written(quiet: mail_times.Quiet) -> dict[str, object]:
    """Quiet hours as they are typed."""
    parts = {"starts": quiet.starts, "ends": quiet.ends}
    return {k: f"{at:%H.%M}" if at else "" for k, at in parts.items()} | {"days_off": quiet.days_off}


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
    return render_template("account/stop_mails.html", group=STOPPABLE[group], done=done)


def _unknown() -> tuple[str, int]:
    return render_template("account/stop_mails.html", group=None, done=False), HTTPStatus.NOT_FOUND
