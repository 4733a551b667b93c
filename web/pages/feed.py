"""A person's own calendar: the address to subscribe to, and what it gives."""

from flask import Blueprint, Response, flash, redirect
from werkzeug.wrappers import Response as BaseResponse

from web.context import actor, desk, now
from web.guards import signed_in
from web.language import say as _
from workflow.errors import NotFound
from workflow.seminars import feeds, ics

bp = Blueprint("feed", __name__)


@bp.post("/seminar/kalender")
@signed_in
def renew() -> BaseResponse:
    with desk().database.write() as session:
        feeds.open_feed(session, actor(session))
    flash(_("Alamat kalender dibuat. Alamat sebelumnya, bila ada, tidak berlaku lagi."), "ok")
    return redirect("/seminar#kalender")


@bp.post("/seminar/kalender/akhiri")
@signed_in
def end() -> BaseResponse:
    with desk().database.write() as session:
        feeds.close_feed(session, actor(session))
    flash(_("Alamat kalender tidak berlaku lagi."), "ok")
    return redirect("/seminar#kalender")


@bp.get("/kalender/<token>.ics")
def show(token: str) -> Response:
    """Whoever holds the address reads it, without a session; an ended one is as unknown as any other."""
    with desk().database.read() as session:
        user = feeds.reader_of(session, desk().settings, token, now())
        if user is None:
            raise NotFound
        text = feeds.own_calendar(session, desk().settings, user, now())
    head = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
    return Response(text, content_type=ics.MEDIA_TYPE, headers=head)
