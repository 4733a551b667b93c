"""Desk schedule of an award year: plan it, read it day by day, take single slots back."""

from datetime import date
from itertools import groupby

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from web.context import actor, desk, me, now
from web.guards import allowed
from web.language import say as _
from workflow import commands, policy
from workflow.calendar import add_working_days, wib_date
from workflow.commands.desks import A_DAY
from workflow.errors import Invalid, Problem, Refused

bp = Blueprint("desks", __name__, url_prefix="/iga/<int:year>/desk")


@bp.get("")
@allowed(policy.may_see_entries)
def show(year: int) -> str:
    return _page(year, [])


@bp.post("")
@allowed(policy.may_run_entries)
def plan(year: int) -> Response | tuple[str, int]:
    ids = [int(text) for text in request.form.getlist("helper") if text.isdecimal() and len(text) < 10]  # noqa: PLR2004
    try:
        with desk().database.write() as session:
            made = commands.plan_desk(session, actor(session), year, _date("first"), ids)
    except Invalid as refusal:
        return _page(year, refusal.problems), 422
    except Refused as refusal:
        flash(str(refusal), "warning")
        return redirect(f"/iga/{year}/desk")
    flash(_("%(n)s entri dijadwalkan; surel dikirim ke perangkat daerahnya.", n=len(made)), "ok")
    return redirect(f"/iga/{year}/desk")


@bp.post("/<number>/batal")
@allowed(policy.may_run_entries)
def cancel(year: int, number: str) -> Response:
    with desk().database.write() as session:
        commands.cancel_desk(session, actor(session), number)
    flash(_("Jadwal %(number)s dibatalkan.", number=number), "ok")
    return redirect(f"/iga/{year}/desk")


def _page(year: int, problems: list[Problem]) -> str:
    with desk().database.read() as session:
        slots = commands.list_desk(session, year)
        waiting = commands.waiting_for_desk(session, me(), year)
        helpers = commands.desk_helpers(session)
    days = [(day, list(held)) for day, held in groupby(slots, lambda slot: slot.day)]
    return render_template(
        "desks.html",
        year=year,
        days=days,
        waiting=waiting,
        helpers=helpers,
        a_day=A_DAY,
        tomorrow=add_working_days(wib_date(now()), 1),
        problems=problems,
        posted=request.form,
        may_run=policy.may_run_entries(me()),
    )


def _date(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None
