"""Accounts, for the administrator: invite, look at one, let in or out, what happened at the door."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from flask_security.recoverable import generate_reset_password_token
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web.accounts.parts import link
from web.context import desk, me, now
from web.guards import allowed
from workflow import account_mail, people, policy, sign_ins
from workflow.errors import Invalid, NotFound, Problem, Reason, Refused
from workflow.models import Agency, Passkey, User

bp = Blueprint("people", __name__, url_prefix="/orang")

MOST_LISTED = 300
MOST_HAPPENED = 50


@bp.get("")
@allowed(policy.may_manage_people)
def index() -> str:
    return _page({}, [])


@bp.post("")
@allowed(policy.may_manage_people)
def add() -> Response | tuple[str, int]:
    """Add a person, who gets a mail with a link to set the password."""
    posted = request.form.to_dict()
    try:
        with desk().database.write() as session:
            person = people.create_user(
                session,
                now(),
                email=posted.get("email", ""),
                name=posted.get("name", ""),
                position=posted.get("position", "")[:160],
                agency=posted.get("agency") or None,
                roles=request.form.getlist("roles"),
                heads_agency="heads_agency" in posted,
            )
            _invite(session, person)
    except Invalid as refusal:
        return _page(posted, refusal.problems), 422
    flash(_("Akun dibuat; undangan untuk %(email)s sedang dikirim.", email=person.email), "ok")
    return redirect(f"/orang/{person.id}")


@bp.get("/<int:user_id>")
@allowed(policy.may_manage_people)
def show(user_id: int) -> str:
    with desk().database.read() as session:
        person = _person(session, user_id)
        keys = list(session.scalars(select(Passkey).where(Passkey.user_id == user_id)))
        happened = sign_ins.of_person(session, user_id, MOST_HAPPENED)
    return render_template("people/show.html", person=person, keys=keys, happened=happened)


@bp.post("/<int:user_id>")
@allowed(policy.may_manage_people)
def change(user_id: int) -> Response:
    """Invite once more, let in or out, or forget a lost second factor; nobody does so to themselves."""
    act = ACTS.get(request.form.get("_action", ""))
    if act is None:
        raise NotFound
    if user_id == me().id:
        raise Refused([Reason("self", _("Akun sendiri hanya dapat diubah oleh admin lain."))])
    with desk().database.write() as session:
        act(session, _person(session, user_id))
    flash(_("Perubahan disimpan."), "ok")
    return redirect(f"/orang/{user_id}")


@bp.get("/masuk")
@allowed(policy.may_manage_people)
def door() -> str:
    failures = request.args.get("gagal") == "1"
    with desk().database.read() as session:
        happened = sign_ins.latest(session, failures=failures)
    return render_template("people/door.html", happened=happened, failures=failures)


def _invite(session: Session, person: User) -> None:
    words = {
        "inviter": me().name,
        "again": f"{desk().settings.address}/lupa-sandi",
        **link(generate_reset_password_token(person)),  # type: ignore[no-untyped-call]
    }
    address = desk().settings.address
    account_mail.owe_account_mail(session, person, account_mail.INVITATION, words, now(), address)
    sign_ins.note(session, person.id, sign_ins.INVITED, None, now())


def _switch_on(session: Session, person: User) -> None:
    people.switch(session, person, now(), active=True)
    sign_ins.note(session, person.id, sign_ins.SWITCHED_ON, None, now())


def _switch_off(session: Session, person: User) -> None:
    people.switch(session, person, now(), active=False)
    sign_ins.note(session, person.id, sign_ins.SWITCHED_OFF, None, now())


def _forget(session: Session, person: User) -> None:
    people.forget_second_factor(session, person)
    sign_ins.note(session, person.id, sign_ins.SECOND_FACTOR_OFF, None, now())


ACTS = {"invite": _invite, "on": _switch_on, "off": _switch_off, "forget": _forget}


def _person(session: Session, user_id: int) -> User:
    person = session.get(User, user_id) if user_id < 2**31 else None
    if person is None:
        raise NotFound
    return person


def _page(posted: dict[str, Any], problems: list[Problem]) -> str:
    q = request.args.get("q", "").strip()[:100]
    query = select(User).order_by(User.name).limit(MOST_LISTED)
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
        "people/index.html",
        people=found,
        agencies=agencies,
        q=q,
        posted=posted,
        problems=problems,
        roles=policy.GLOBAL_ROLES,
    )
