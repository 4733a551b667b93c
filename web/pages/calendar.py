"""The calendar of days off: what is known, what was changed, and what a change would move."""

from collections.abc import Callable
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web.context import actor, desk, now
from web.guards import allowed
from web.language import say as _
from workflow import calendar, commands, office_days, policy
from workflow.calendar import wib_date
from workflow.commands.calendar import NewDay, Shift
from workflow.errors import Invalid, NotFound, Problem, Refused
from workflow.models import CalendarDay

bp = Blueprint("calendar", __name__, url_prefix="/pengelola/kalender")

KINDS = {"holiday": "Hari libur", "leave": "Cuti bersama", "working": "Hari kerja"}


@bp.get("")
@allowed(policy.may_edit_calendar)
def index() -> str:
    return _page([])


@bp.post("")
@allowed(policy.may_edit_calendar)
def add() -> str | Response | tuple[str, int]:
    """First what would move, then, with `go`, the change."""
    posted = request.form
    new = NewDay(_date("day"), posted.get("kind", ""), posted.get("name", ""), posted.get("source", ""))
    try:
        return _do(lambda session: commands.add_day(session, actor(session), new), None)
    except Invalid as refusal:
        return _page(refusal.problems), 422


@bp.post("/<int:row_id>/batal")
@allowed(policy.may_edit_calendar)
def remove(row_id: int) -> str | Response:
    with desk().database.read() as session:
        row = session.get(CalendarDay, row_id) if row_id < 2**31 else None
    if row is None:
        raise NotFound
    try:
        return _do(lambda session: commands.remove_day(session, actor(session), row_id), row)
    except Refused as refusal:
        flash(str(refusal), "warning")
        return redirect("/pengelola/kalender")


def _do(act: Callable[[Session], list[Shift]], row: CalendarDay | None) -> str | Response:
    if not request.form.get("go"):
        with desk().database.rehearsal() as session:
            shifts = act(session)
        return render_template(
            "calendar/confirm.html",
            shifts=shifts,
            row=row,
            posted=request.form,
            day=_date("day"),
            kinds=KINDS,
        )
    with desk().database.write() as session:
        shifts = act(session)
    office_days.refresh(desk().database, at_once=True)
    flash(_("Kalender diubah; %(n)s batas waktu bergeser.", n=len(shifts)), "ok")
    return redirect("/pengelola/kalender")


def _page(problems: list[Problem]) -> str:
    today = wib_date(now())
    text = request.args.get("tahun", "")
    year = int(text) if text.isdecimal() and len(text) == len("2022") else today.year
    with desk().database.read() as session:
        office_days.follow(session, share=False)
        standing = {row.day: row for row in office_days.standing(session)}
        past = office_days.history(session)
    off = calendar.days_off(year)
    every = sorted({*off, *(day for day in standing if day.year == year)})
    days = [{"day": day, "name": off.get(day), "row": standing.get(day)} for day in every]
    return render_template(
        "calendar/index.html",
        days=days,
        past=past,
        year=year,
        today=today,
        kinds=KINDS,
        problems=problems,
        posted=request.form,
    )


def _date(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None
