"""Webhooks, for the administrator: addresses, what each is told, secrets, switching off, a test, the log."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web.context import actor, desk, now
from web.guards import allowed
from web.pages.account import fresh
from workflow import policy, webhooks
from workflow.errors import Invalid, NotFound, Problem
from workflow.models import Webhook
from workflow.topics import TOPICS

bp = Blueprint("webhooks", __name__, url_prefix="/pengelola/webhook")


@bp.get("")
@allowed(policy.may_manage_webhooks)
@fresh
def index() -> str:
    return _index([])


@bp.post("")
@allowed(policy.may_manage_webhooks)
@fresh
def add() -> str | tuple[str, int]:
    """Add an address; this page is the one time its secret is shown."""
    try:
        with desk().database.write() as session:
            hook, secret = webhooks.add(
                session,
                actor(session),
                desk().settings,
                request.form.get("url", "").strip(),
                request.form.getlist("topics"),
            )
    except Invalid as refusal:
        return _index(refusal.problems), 422
    return render_template("webhooks/secret.html", hook=hook, secret=secret, rotated=False)


@bp.get("/<int:hook_id>")
@allowed(policy.may_manage_webhooks)
@fresh
def show(hook_id: int) -> str:
    with desk().database.read() as session:
        hook = session.get(Webhook, hook_id) if hook_id < 2**31 else None
        if hook is None:
            raise NotFound
        tries = webhooks.tries(session, hook_id)
        parked = webhooks.count_parked(session, hook_id)
    return render_template("webhooks/show.html", hook=hook, tries=tries, parked=parked, topics=TOPICS)


@bp.post("/<int:hook_id>")
@allowed(policy.may_manage_webhooks)
@fresh
def change(hook_id: int) -> str | Response:
    """Choose events, send a test, switch on or off; or a new secret, shown this once."""
    action = request.form.get("_action", "")
    if hook_id >= 2**31 or (action != "rotate" and action not in ACTS):
        raise NotFound
    with desk().database.write() as session:
        hook = webhooks.locked(session, hook_id)
        if action == "rotate":
            secret = webhooks.rotate(session, actor(session), desk().settings, hook_id)
        else:
            ACTS[action](session, hook)
    if action == "rotate":
        return render_template("webhooks/secret.html", hook=hook, secret=secret, rotated=True)
    return redirect(f"/pengelola/webhook/{hook_id}")


def _choose(session: Session, hook: Webhook) -> None:
    webhooks.set_topics(session, hook.id, request.form.getlist("topics"))
    flash(_("Pilihan peristiwa disimpan; berlaku untuk peristiwa berikutnya."), "ok")


def _test(session: Session, hook: Webhook) -> None:
    webhooks.owe_test(session, hook, now())
    flash(_("Kiriman uji dijadwalkan; muat ulang halaman ini untuk melihat hasilnya pada catatan."), "ok")


def _off(session: Session, hook: Webhook) -> None:
    webhooks.switch_off(session, hook, now())
    flash(_("Alamat dimatikan; kiriman yang masih menunggu dihentikan."), "ok")


def _stay_off(_session: Session, hook: Webhook) -> None:
    webhooks.settle_off(hook)
    flash(_("Dicatat: alamat ini tetap mati."), "ok")


def _on(session: Session, hook: Webhook) -> None:
    count = webhooks.switch_on(session, hook, now())
    flash(_("Alamat dinyalakan; %(count)s kiriman yang tertahan dijadwalkan ulang.", count=count), "ok")


ACTS: dict[str, Callable[[Session, Webhook], None]] = {
    "topics": _choose,
    "test": _test,
    "off": _off,
    "stay_off": _stay_off,
    "on": _on,
}


def _index(problems: list[Problem]) -> str:
    with desk().database.read() as session:
        rows = [
            {"hook": hook, "last": last, "parked": parked, "href": f"/pengelola/webhook/{hook.id}"}
            for hook, last, parked in webhooks.every(session)
        ]
    return render_template("webhooks/index.html", rows=rows, problems=problems, topics=TOPICS)
