"""The inbox: what a person was told about cases, why, and what of it they have not read."""

import re
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from web import blind, rule_words
from web.case_view import FACT_TITLES
from web.context import desk, me, now
from web.guards import signed_in
from web.language import locale
from web.language import say as _
from workflow import inbox
from workflow.definition import process
from workflow.delivery import state_of
from workflow.errors import NotFound
from workflow.mail_groups import OPTIONAL
from workflow.models import Case, Email, Event

bp = Blueprint("inbox", __name__, url_prefix="/kotak-masuk")

PREFIX = re.compile(r"^\[[^\]]*\] ")
LARGEST_ID = 2**31 - 1
MOST_PAGES = 10_000
WIDTH = 76
"""At which the text of a mail is wrapped; a line that had room for the next word ends for a reason."""


@bp.get("")
@signed_in
def index() -> str:
    page = min(max(request.args.get("hal", 1, type=int), 1), MOST_PAGES)
    only_unread = request.args.get("baru") == "1"
    with desk().database.read() as session:
        rows, total = inbox.listed(session, me(), page, only_unread=only_unread)
    return render_template(
        "inbox/index.html",
        rows=[_line(*row) for row in rows],
        total=total,
        page=page,
        more=page * inbox.PAGE < total,
        only_unread=only_unread,
    )


@bp.post("")
@signed_in
def mark_all() -> Response:
    """What came after the list was shown stays unread."""
    up_to = min(request.form.get("up_to", 0, type=int), LARGEST_ID)
    with desk().database.write() as session:
        count = inbox.mark_all(session, me(), up_to, now())
    flash(_("%(count)s surel ditandai sudah dibaca.", count=count), "ok")
    return redirect("/kotak-masuk")


@bp.get("/<int:email_id>")
@signed_in
def show(email_id: int) -> str:
    """Opening it is reading it."""
    if email_id > LARGEST_ID:
        raise NotFound
    with desk().database.read() as session:
        found = inbox.find(session, me(), email_id)
    if found is None:
        raise NotFound
    if found.email.read_at is None:
        with desk().database.write() as session:
            inbox.mark(session, me(), email_id, now())
    return render_template(
        "inbox/show.html",
        letter=found,
        line=_line(found.email, found.case, found.event),
        why=_why(found),
        may_switch=found.email.mail_group in OPTIONAL,
    )


@bp.post("/<int:email_id>")
@signed_in
def unread(email_id: int) -> Response:
    """Keep it for later."""
    if email_id > LARGEST_ID:
        raise NotFound
    with desk().database.write() as session:
        inbox.mark(session, me(), email_id, None)
    return redirect("/kotak-masuk")


def _line(email: Email, case: Case, event: Event) -> dict[str, Any]:
    return {
        "email": email,
        "case": case,
        "title": blind.title_of(case),
        "agency": blind.agency_of(case),
        "at": event.at,
        "subject": PREFIX.sub("", email.subject),
        "state": state_of(email, now()),
        "href": f"/kotak-masuk/{email.id}",
        "paragraphs": _paragraphs(email.text),
    }


def _paragraphs(text: str) -> list[str]:
    """The text without the ends of lines that only its width made."""
    return ["\n".join(_unwrapped(part)) for part in re.split(r"\n\s*\n", text.strip())]


def _unwrapped(part: str) -> list[str]:
    found: list[str] = []
    last = ""
    for line in part.splitlines():
        if last and len(last) + 1 + len(line.split(" ", 1)[0]) > WIDTH:
            found[-1] += f" {line.strip()}"
        elif line.strip("-– "):
            found.append(line)
        last = line
    return found


def _why(found: inbox.Letter) -> str:
    """The rule as a sentence; the event alone where no rule of today gives this mail."""
    flow = process(found.case.process)
    if not found.rules:
        name = found.event.name
        return _("Peristiwanya: “%(event)s”.", event=_(FACT_TITLES.get(name, name)))
    told = rule_words.sentence(flow, found.rules)
    stage = flow.stages.get(found.rules[0].stage)
    if stage is None:
        return told
    by = _("Aturan proses %(version)s, tahap %(stage)s.", version=flow.version, stage=stage.title(locale()))
    return f"{told} {by}"
