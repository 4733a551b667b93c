"""The form of a session: what it posts as a plan, and a plan as its fields."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict

from web.language import say as _
from workflow.errors import Problem
from workflow.models import User
from workflow.seminars.plan import MOST_BREAKS, NOTE, PLACE, Break, Plan

Posted = MultiDict[str, str]
UP, DOWN = "up:", "down:"
LONGEST_BREAK = 180


def posted_plan() -> Plan:
    """The plan that the form posts; what could not be read of it is among its problems."""
    form = request.form
    breaks, unread = _breaks(form)
    minutes, chair = form.get("minutes", ""), form.get("chair", "")
    return Plan(
        day=_day(form.get("day", "")),
        begins=_time(form.get("begins", "")),
        minutes=_number(minutes),
        breaks=breaks,
        place=" ".join(form.get("place", "").split()),
        link=form.get("link", "").strip(),
        chair=_number(chair),
        note=form.get("note", "").replace("\r\n", "\n").strip(),
        cases=tuple(moved(form.getlist("case"), form.get("_action", ""))),
        unread=tuple(unread),
    )


def moved(numbers: Sequence[str], action: str) -> list[str]:
    """The numbers after one of the buttons that move a case up or down."""
    found = list(dict.fromkeys(numbers))
    step = -1 if action.startswith(UP) else 1 if action.startswith(DOWN) else 0
    number = action.partition(":")[2]
    if step and number in found:
        place = found.index(number)
        other = place + step
        if 0 <= other < len(found):
            found[place], found[other] = found[other], found[place]
    return found


def version() -> int:
    """The version of the session that the form was made from."""
    return whole(request.form.get("version", ""))


def whole(text: str) -> int:
    """A number that was posted or asked for; 0 for what is none."""
    return _number(text) or 0


def fingerprint(plan: Plan) -> str:
    """Tells a plan that was looked at from one that has changed since."""
    return hashlib.sha256(repr(plan).encode()).hexdigest()[:32]


def fields(plan: Plan, chairs: Sequence[User], problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """The fields of a plan, as the `field` macro draws them."""
    posted = request.form
    choices = [_choice(user, chosen=user.id == plan.chair) for user in chairs]
    day, begins = plan.day.isoformat() if plan.day else "", f"{plan.begins:%H:%M}" if plan.begins else ""
    rows: list[dict[str, Any]] = [
        {
            "name": "day",
            "title": _("Tanggal"),
            "widget": "date",
            "value": posted.get("day") or day,
            "required": True,
        },
        {
            "name": "begins",
            "title": _("Jam mulai"),
            "widget": "text",
            "type": "time",
            "width": "third",
            "value": posted.get("begins") or begins,
            "required": True,
            "help": _("Waktu Indonesia Barat (WIB)"),
        },
        {
            "name": "minutes",
            "title": _("Menit setiap usulan"),
            "widget": "number",
            "value": posted.get("minutes") or (plan.minutes or ""),
            "min": 5,
            "max": 240,
            "step": 1,
            "required": True,
            "help": _("Termasuk tanya jawab"),
        },
        {
            "name": "place",
            "title": _("Tempat"),
            "widget": "text",
            "width": "half",
            "value": plan.place,
            "maxlength": PLACE,
            "help": _("Kosongkan bila hanya daring"),
        },
        {
            "name": "link",
            "title": _("Tautan daring"),
            "widget": "url",
            "width": "half",
            "value": plan.link,
            "maxlength": 500,
            "help": _("Hanya tampak bagi yang diundang"),
        },
        {
            "name": "chair",
            "title": _("Ketua sidang"),
            "widget": "select",
            "options": choices,
            "required": True,
        },
        *_break_fields(plan),
        {
            "name": "note",
            "title": _("Catatan dalam undangan"),
            "widget": "textarea",
            "rows": 3,
            "value": plan.note,
            "maxlength": NOTE,
            "help": _("Misalnya pakaian, bahan tayang, atau berkas yang dibawa"),
        },
    ]
    by_field: dict[str, list[str]] = {}
    for problem in problems:
        by_field.setdefault(problem.pointer.removeprefix("/"), []).append(problem.message)
    return [{**row, "id": row["name"], "problems": by_field.get(str(row["name"]), [])} for row in rows]


def _break_fields(plan: Plan) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for n in range(MOST_BREAKS):
        held = plan.breaks[n] if n < len(plan.breaks) else None
        at, minutes = (f"{held.at:%H:%M}", held.minutes) if held else ("", "")
        posted = request.form
        found += [
            {
                "name": f"break_at_{n}",
                "title": _("Jeda %(n)s, mulai", n=n + 1),
                "widget": "text",
                "type": "time",
                "width": "quarter",
                "value": posted.get(f"break_at_{n}", at),
            },
            {
                "name": f"break_minutes_{n}",
                "title": _("Jeda %(n)s, menit", n=n + 1),
                "widget": "number",
                "width": "quarter",
                "value": posted.get(f"break_minutes_{n}", minutes),
                "min": 1,
                "max": LONGEST_BREAK,
                "step": 1,
            },
        ]
    return found


def _breaks(form: Mapping[str, str]) -> tuple[tuple[Break, ...], list[Problem]]:
    found, unread = [], []
    for n in range(MOST_BREAKS):
        at, minutes = form.get(f"break_at_{n}", "").strip(), form.get(f"break_minutes_{n}", "").strip()
        if not at and not minutes:
            continue
        begins, length = _time(at), _number(minutes)
        if begins is None:
            unread.append(Problem(f"/break_at_{n}", "Isi jam mulai jedanya, misalnya 12:00."))
        if length is None or not 0 < length <= LONGEST_BREAK:
            unread.append(Problem(f"/break_minutes_{n}", f"Isi lama jeda, 1 sampai {LONGEST_BREAK} menit."))
        elif begins is not None:
            found.append(Break(begins, length))
    return tuple(found), unread


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _time(text: str) -> time | None:
    """An hour and a minute; also with the dot that is usual here."""
    try:
        return time.fromisoformat(text.strip().replace(".", ":")[:5]).replace(tzinfo=None)
    except ValueError:
        return None


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004


def _choice(user: User, *, chosen: bool) -> dict[str, Any]:
    label = f"{user.name}, {user.position}" if user.position else user.name
    return {"value": str(user.id), "label": label, "group": "", "checked": chosen}
