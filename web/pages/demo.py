"""Demo mode only: sign in as anybody with one click, move the clock, read the mailbox."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request
from flask.wrappers import Response
from flask_babel import gettext as _
from flask_security import login_user, logout_user
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from web import dates
from web.accounts import Account
from web.context import desk, now
from web.security import CSP, MAIL_CSP
from workflow.calendar import add_working_days, morning_of, wib_date
from workflow.clock import ShiftedClock
from workflow.demo.clock import travel
from workflow.demo.load import PERSONAS
from workflow.errors import NotFound
from workflow.mailbox import Received, read, read_one
from workflow.models import Fact, User

bp = Blueprint("demo", __name__)

MOST_DAYS = 60
MOST_DIGITS = 4


def banner() -> dict[str, Any]:
    """What the strip on top of every page shows."""
    with desk().database.read() as session:
        fact = session.get(Fact, PERSONAS)
    return {
        "now": f"{dates.full_date(now())}, {dates.clock_time(now())}",
        "now_iso": now().isoformat(),
        "personas": fact.value if fact else [],
        "sign_in_href": "/demo/masuk",
        "clock_href": "/demo/jam",
    }


@bp.post("/demo/masuk")
def sign_in() -> BaseResponse:
    email = request.form.get("email", "").lower()
    with desk().database.read() as session:
        account = session.scalars(select(Account).where(User.email == email)).unique().one_or_none()
    if account is None or not account.is_active:
        raise NotFound
    logout_user()
    login_user(account)
    return redirect("/beranda")


@bp.post("/demo/jam")
def move_clock() -> BaseResponse:
    """Go on some working days; every deadline on the way fires at its own time."""
    wish = request.form.get("advance", "1")
    days = min(max(int(wish), 1), MOST_DAYS) if wish.isdecimal() and len(wish) < MOST_DIGITS else 1
    target = morning_of(add_working_days(wib_date(now()), days)) + timedelta(hours=1)
    travel(desk().database, now(), target)
    clock = desk().clock
    if isinstance(clock, ShiftedClock):
        clock.refresh()
    flash(_("Jam peragaan maju ke %(date)s.", date=dates.full_date(target)), "ok")
    return redirect(_back())


def _back() -> str:
    """The page the button was pressed on, if it is one of ours."""
    path = urlsplit(request.referrer or "").path
    return path if path.startswith("/") and not path.startswith("//") else "/beranda"


@bp.get("/surat")
def mailbox() -> str:
    mails = read(desk().settings.var / "mailbox")
    return render_template("mailbox/index.html", mails=mails)


@bp.get("/surat/<key>")
def mail(key: str) -> str:
    return render_template("mailbox/show.html", mail=_mail(key))


@bp.get("/surat/<key>.html")
def mail_html(key: str) -> Response:
    """The HTML part, in a sandbox of its own: no script, no form, only the mail's own styles."""
    return Response(_mail(key).html, mimetype="text/html")


# Talisman writes the header after every view; these two have their own
mail.talisman_view_options = {"content_security_policy": {**CSP, "frame-src": "'self'"}}  # type: ignore[attr-defined]
mail_html.talisman_view_options = {"content_security_policy": MAIL_CSP}  # type: ignore[attr-defined]


def _mail(key: str) -> Received:
    found = read_one(desk().settings.var / "mailbox", key)
    if found is None:
        raise NotFound
    return found
