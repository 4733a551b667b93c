"""The day of a seminar: who came, what was noted, and the papers for the room."""

import re

from flask import Blueprint, Response, flash, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from web.context import actor, desk, me, now
from web.downloads import send_bytes
from web.guards import signed_in
from web.language import locale
from web.language import say as _
from web.seminar_form import version
from workflow import commands, dates, policy
from workflow.calendar import wib_date
from workflow.commands import Mark
from workflow.commands.attendance import PRESENCE, PRESENT, attendees
from workflow.errors import Forbidden, Invalid, NotFound, Problem
from workflow.exports.minutes import minutes
from workflow.exports.score_sheet import sheets
from workflow.models import Seminar
from workflow.seminars import ics, lists, words
from workflow.seminars.feeds import invitation

bp = Blueprint("seminar_day", __name__, url_prefix="/seminar/<int:seminar_id>")

PLACE = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)


@bp.route("/hadir", methods=["GET", "POST"])
@signed_in
def attendance(seminar_id: int) -> str | BaseResponse | tuple[str, int]:
    seminar = _kept(seminar_id)
    problems: list[Problem] = []
    if request.method == "POST":
        marks = _marks(seminar, rest=request.form.get("_action") == "rest")
        try:
            with desk().database.write() as session:
                commands.note_attendance(session, actor(session), seminar_id, version(), marks)
        except Invalid as refusal:
            problems = refusal.problems
        else:
            flash(_("Kehadiran dicatat."), "ok")
            return redirect(f"/seminar/{seminar_id}/hadir")
    html = render_template(
        "seminars/attendance.html",
        seminar=seminar,
        title=words.title(seminar, locale()),
        day=dates.full_date(seminar.starts_at, locale()),
        slots=[_slot(seminar, n, problems) for n in range(len(seminar.standing))],
        problems=problems,
        presence=PRESENCE,
        too_early=wib_date(now()) < wib_date(seminar.starts_at),
    )
    return (html, 422) if problems else html


def _kept(seminar_id: int) -> Seminar:
    with desk().database.read() as session:
        seminar = lists.find(session, me(), seminar_id)
    if not policy.may_keep_seminar(me(), seminar):
        raise Forbidden
    return seminar


def _marks(seminar: Seminar, *, rest: bool) -> dict[tuple[int, int], Mark]:
    """What was ticked; with `rest`, whoever is not written down yet is taken as present."""
    found = {}
    for name, value in request.form.items():
        place = PLACE.fullmatch(name)
        if place:
            key = int(place[1]), int(place[2])
            found[key] = Mark(value, " ".join(request.form.get(f"{name}-wakil", "").split()))
    if rest:
        for slot in seminar.standing:
            for seat in attendees(slot):
                found.setdefault((slot.id, seat.user.id), Mark(PRESENT))
    return found


def _slot(seminar: Seminar, position: int, problems: list[Problem]) -> dict[str, object]:
    slot = seminar.standing[position]
    held = {row.user_id: row for row in slot.attendance}
    people = []
    for seat in attendees(slot):
        name, row = f"{slot.id}-{seat.user.id}", held.get(seat.user.id)
        people.append(
            {
                "name": name,
                "user": seat.user,
                "role": seat.role,
                "said": request.form.get(name) or (row.presence if row else ""),
                "stand_in": request.form.get(f"{name}-wakil") or (row.stand_in if row else ""),
                "at": row.noted_at if row else None,
                "problems": [p.message for p in problems if p.pointer in {f"/{name}", f"/{name}-wakil"}],
            }
        )
    time = words.span(slot.starts_at, slot.ends_at, locale())
    return {"case": slot.case, "time": time, "people": people}


@bp.post("/catatan")
@signed_in
def note(seminar_id: int) -> BaseResponse:
    try:
        with desk().database.write() as session:
            text = request.form.get("record", "")
            commands.note_seminar(session, actor(session), seminar_id, version(), text)
    except Invalid as refusal:
        flash(" ".join(p.message for p in refusal.problems), "warning")
    else:
        flash(_("Catatan disimpan."), "ok")
    return redirect(f"/seminar/{seminar_id}#catatan")


# --- files -----------------------------------------------------------------------------------------------


@bp.get("/undangan.ics")
@signed_in
def calendar(seminar_id: int) -> Response:
    """The presentations that the reader sits in, for the reader's own calendar."""
    with desk().database.read() as session:
        text = invitation(desk().settings, lists.find(session, me(), seminar_id), me())
    return send_bytes(text, ics.MEDIA_TYPE, f"seminar-{seminar_id}.ics")


@bp.get("/lembar.pdf")
@signed_in
def score_sheets(seminar_id: int) -> Response:
    """Blank sheets, or with `terisi` the reviews that the reader may see; `usulan` names one presentation."""
    number, filled = request.args.get("usulan"), "terisi" in request.args
    with desk().database.read() as session:
        seminar = lists.find(session, me(), seminar_id)
        may = policy.may_see_slot if filled else policy.may_judge_slot
        slots = [s for s in seminar.standing if may(me(), s) and number in {None, s.case.number}]
        if not slots:
            raise NotFound
        made = sheets(session, seminar, slots, me(), filled=filled)
    return send_bytes(made, "application/pdf", f"lembar-penilaian-{number or seminar_id}.pdf", inline=True)


@bp.get("/berita-acara.pdf")
@signed_in
def record(seminar_id: int) -> Response:
    seminar = _kept(seminar_id)
    if seminar.cancelled_at is not None or seminar.starts_at > now():
        raise NotFound
    with desk().database.read() as session:
        made = minutes(session, lists.find(session, me(), seminar_id))
    return send_bytes(made, "application/pdf", f"berita-acara-seminar-{seminar_id}.pdf", inline=True)
