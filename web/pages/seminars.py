"""Seminars: what is coming and what is over; arrange a session, look at it, invite, change, cancel."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import time
from typing import Any
from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import case_view, seminar_form
from web.context import actor, desk, me, now
from web.guards import allowed, signed_in
from web.language import locale
from web.language import say as _
from web.once import once
from workflow import commands, dates, policy
from workflow.calendar import add_working_days, wib_date
from workflow.commands.attendance import PRESENCE, PRESENT, attendees
from workflow.commands.seminars import Done
from workflow.definition import State
from workflow.errors import Invalid, NotFound, Problem
from workflow.exports.score_sheet import count_filled
from workflow.models import Cohort, Seminar, SeminarSlot, User
from workflow.notices import NOTICES
from workflow.phrases import MAIL_NAMES
from workflow.seminars import feeds, lists, words
from workflow.seminars.look import Look, look
from workflow.seminars.plan import Plan, by_afternoon, plan_of
from workflow.seminars.seats import chairs

bp = Blueprint("seminars", __name__, url_prefix="/seminar")

MORNING = time(8, 30)


@bp.get("")
@signed_in
def index() -> str:
    user, before = me(), seminar_form.whole(request.args.get("sebelum", ""))
    with desk().database.read() as session:
        coming = lists.coming(session, user, now())
        over = lists.past(session, user, now(), before)
        groups = lists.waiting(session, now()) if policy.may_run_seminars(user) else []
        feed = feeds.feed_of(session, user)
    return render_template(
        "seminars/index.html",
        coming=[_row(s) for s in coming],
        past=[_row(s) for s in over],
        more=over[-1].id if len(over) == lists.PAGE else None,
        later=bool(before),
        groups=[group for group in groups if group.unplanned],
        may_run=policy.may_run_seminars(user),
        feed=feeds.link(desk().settings, feed) if feed else None,
    )


def _row(seminar: Seminar) -> dict[str, Any]:
    mine = [slot for slot in seminar.standing if policy.may_see_slot(me(), slot)]
    return {
        "href": f"/seminar/{seminar.id}",
        "title": words.title(seminar, locale()),
        "cohort": seminar.cohort.name,
        "day": dates.full_date(seminar.starts_at, locale()),
        "time": words.span(seminar.starts_at, seminar.ends_at, locale()),
        "place": words.where(seminar, locale()),
        "count": len(mine),
        "off": seminar.cancelled_at is not None,
    }


@bp.get("/<int:seminar_id>")
@signed_in
def show(seminar_id: int) -> str:
    with desk().database.read() as session:
        seminar = lists.find(session, me(), seminar_id)
        shown = seminar.slots if seminar.cancelled_at else seminar.standing
        slots = [slot for slot in shown if policy.may_see_slot(me(), slot)]
        filled = count_filled(session, slots, me())
    return render_template(
        "seminars/show.html",
        seminar=seminar,
        title=words.title(seminar, locale()),
        day=dates.full_date(seminar.starts_at, locale()),
        span=words.span(seminar.starts_at, seminar.ends_at, locale()),
        rows=[_slot_row(slot) for slot in slots],
        may_run=policy.may_run_seminars(me()),
        may_keep=policy.may_keep_seminar(me(), seminar),
        may_judge=any(policy.may_judge_slot(me(), slot) for slot in slots),
        filled=filled,
        begun=seminar.starts_at <= now(),
        due_today=wib_date(now()) >= wib_date(seminar.starts_at),
        noted=any(slot.attendance for slot in seminar.slots),
        counts=lists.rule_of(seminar.state).attendance,
        problems=[],
    )


def _slot_row(slot: SeminarSlot) -> dict[str, Any]:
    case = slot.case
    sees = policy.may_see(me(), case)
    keeps = policy.may_keep_seminar(me(), slot.seminar)
    return {
        "href": f"/usulan/{case.number}" if sees else None,
        "case": case,
        "time": words.span(slot.starts_at, slot.ends_at, locale()).removesuffix(" WIB"),
        "owner": case.holder("proposer"),
        "pill": case_view.state_pill(case, now(), locale()),
        "attended": _attended(slot) if keeps else None,
    }


def _attended(slot: SeminarSlot) -> dict[str, Any]:
    """How many came, and who did not come themselves."""
    others = [(row.user.name, PRESENCE[row.presence]) for row in slot.attendance if row.presence != PRESENT]
    came = sum(row.presence == PRESENT for row in slot.attendance)
    return {"came": came, "all": len(attendees(slot)), "noted": bool(slot.attendance), "others": others}


# --- arrange ---------------------------------------------------------------------------------------------


@bp.route("/new", methods=["GET", "POST"])
@allowed(policy.may_run_seminars)
def add() -> str | Response | tuple[str, int]:
    code, name = request.values.get("cohort", ""), request.values.get("state", "")
    if not code and not name:
        with desk().database.read() as session:
            groups = [g for g in lists.waiting(session, now()) if g.cases]
        return render_template("seminars/choose.html", groups=groups)
    if request.method == "GET":
        return _page(code, name, _first_plan(code, name))
    plan = seminar_form.posted_plan()

    def run(session: Session) -> Done:
        return commands.invite_seminar(session, actor(session), code, name, plan)

    return _answer(code, name, plan, run, None)


@bp.route("/<int:seminar_id>/ubah", methods=["GET", "POST"])
@allowed(policy.may_run_seminars)
def edit(seminar_id: int) -> str | Response | tuple[str, int]:
    with desk().database.read() as session:
        seminar = lists.find(session, me(), seminar_id)
    if seminar.cancelled_at is not None or seminar.starts_at <= now():
        flash(_("Seminar yang sudah dimulai atau dibatalkan tidak dapat diubah."), "warning")
        return redirect(f"/seminar/{seminar_id}")
    code, name = seminar.cohort.code, seminar.state
    if request.method == "GET":
        return _page(code, name, plan_of(seminar), seminar)
    plan, version = seminar_form.posted_plan(), seminar_form.version()

    def run(session: Session) -> Done:
        return commands.change_seminar(session, actor(session), seminar_id, version, plan)

    return _answer(code, name, plan, run, seminar)


@bp.route("/<int:seminar_id>/batal", methods=["GET", "POST"])
@allowed(policy.may_run_seminars)
def cancel(seminar_id: int) -> str | Response | tuple[str, int]:
    with desk().database.read() as session:
        seminar = lists.find(session, me(), seminar_id)
    problems: list[Problem] = []
    if request.method == "POST":
        try:
            with desk().database.write() as session:
                reason = request.form.get("reason", "")
                commands.cancel_seminar(session, actor(session), seminar_id, seminar_form.version(), reason)
        except Invalid as refusal:
            problems = refusal.problems
        else:
            flash(_("Seminar dibatalkan; yang diundang diberi tahu lewat surel."), "ok")
            return redirect(f"/seminar/{seminar_id}")
    html = render_template(
        "seminars/cancel.html",
        seminar=seminar,
        title=words.title(seminar, locale()),
        day=dates.full_date(seminar.starts_at, locale()),
        problems=problems,
        posted=request.form,
    )
    return (html, 422) if problems else html


def _first_plan(code: str, name: str) -> Plan:
    """What a new session begins with: tomorrow morning, as many cases as end by the afternoon."""
    with desk().database.read() as session:
        cohort, state = _about(session, code, name)
        group = lists.waiting_in(session, cohort, state, now())
    rule = lists.rule_of(name)
    plan = Plan(add_working_days(wib_date(now()), 1), MORNING, rule.minutes)
    return replace(plan, cases=tuple(c.number for c in by_afternoon(plan, group.unplanned)))


def _about(session: Session, code: str, name: str) -> tuple[Cohort, State]:
    cohort = session.scalars(select(Cohort).where(Cohort.code == code)).one_or_none()
    state = lists.states().get(name)
    if cohort is None or state is None:
        raise NotFound
    return cohort, state


def _answer(
    code: str,
    name: str,
    plan: Plan,
    run: Callable[[Session], Done],
    seminar: Seminar | None,
) -> str | Response | tuple[str, int]:
    """Look again, or do it: but only what was looked at just as it is."""
    action = request.form.get("_action", "look")
    if action == "go" and request.form.get("seen") == seminar_form.fingerprint(plan):
        try:
            with desk().database.write() as session, once(session, repr(plan)) as call:
                if call.location is None:
                    call.location = f"/seminar/{run(session).seminar.id}"
        except Invalid as refusal:
            return _page(code, name, plan, seminar, refusal.problems), 422
        flash(_("Tersimpan; surelnya dikirim kepada yang bersangkutan."), "ok")
        return redirect(call.location)
    if action not in {"look", "go"}:
        return _page(code, name, plan, seminar)
    try:
        with desk().database.rehearsal() as session:
            mails = _mails(session, run(session))
    except Invalid as refusal:
        return _page(code, name, plan, seminar, refusal.problems), 422
    return _page(code, name, plan, seminar, mails=mails)


def _mails(session: Session, done: Done) -> list[dict[str, Any]]:
    """Who would be told what: one line for each mail."""
    told = [
        (int(user_id), NOTICES[event.name]["invited"], len(slots))
        for event in done.events
        for user_id, slots in event.data["invited"].items()
    ]
    users = select(User).where(User.id.in_([user_id for user_id, _kind, _n in told]))
    names = {user.id: user for user in session.scalars(users).unique()}
    return [{"user": names[user_id], "kind": kind, "count": count} for user_id, kind, count in told]


def _page(
    code: str,
    name: str,
    plan: Plan,
    seminar: Seminar | None = None,
    problems: Sequence[Problem] = (),
    mails: list[dict[str, Any]] | None = None,
) -> str:
    with desk().database.read() as session:
        cohort, state = _about(session, code, name)
        held = lists.find(session, me(), seminar.id) if seminar else None
        seen = look(session, actor(session), cohort, state, plan, held)
        group = lists.waiting_in(session, cohort, state, now())
        people = chairs(session, cohort, now())
        rows = _case_rows(seen, group, held)
    return render_template(
        "seminars/form.html",
        cohort=cohort,
        state=state,
        rule=lists.rule_of(name),
        seminar=seminar,
        fields=seminar_form.fields(plan, people, problems),
        rows=rows,
        warnings=seen.warnings,
        problems=problems,
        mails=mails,
        seen=seminar_form.fingerprint(plan),
        key=request.form.get("key") or uuid4().hex,
        mail_names=MAIL_NAMES,
        version=request.form.get("version") or (seminar.version if seminar else None),
    )


def _case_rows(seen: Look, group: lists.Waiting, seminar: Seminar | None) -> list[dict[str, Any]]:
    """The chosen cases with their times, then the others that wait."""
    chosen = {place.case.id for place in seen.places}
    others = {c.id: c for c in group.cases if c.id not in chosen}
    others |= {s.case.id: s.case for s in seminar.standing if s.case.id not in chosen} if seminar else {}
    rows = [
        {"case": p.case, "time": words.span(p.starts_at, p.ends_at, locale()), "chosen": True}
        for p in seen.places
    ]
    for case in sorted(others.values(), key=lambda case: case.number):
        before = group.presented.get(case.id)
        when = dates.long_date(before.starts_at, locale()) if before else None
        rows.append({"case": case, "time": "", "chosen": False, "presented": when})
    return rows
