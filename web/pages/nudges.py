"""Reminding whoever holds the turn of a case, with one press."""

from flask import Blueprint, flash, redirect
from werkzeug.wrappers import Response

from web.context import actor, desk
from web.guards import signed_in
from web.language import say as _
from workflow import commands
from workflow.errors import Refused

bp = Blueprint("nudges", __name__, url_prefix="/usulan/<number>/ingatkan")


@bp.post("")
@signed_in
def nudge(number: str) -> Response:
    try:
        with desk().database.write() as session:
            event = commands.nudge(session, actor(session), number)
            count = len(event.data["nudged"])
    except Refused as refusal:
        flash(" ".join(reason.message for reason in refusal.reasons), "warning")
    else:
        flash(_("Pengingat dikirim: %(count)s surel.", count=count), "ok")
    return redirect(f"/usulan/{number}")
