"""One step for many cases of a list: choose it, see what it would do to each, then do it."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from web.context import actor, desk
from web.guards import allowed
from web.language import locale
from workflow import commands, policy
from workflow.commands.advance import Option
from workflow.definition import Transition, process
from workflow.errors import DomainError, Invalid, Refused
from workflow.models import Case
from workflow.validation import problems

bp = Blueprint("bulk", __name__, url_prefix="/usulan/massal")

MOST = 200
HOLD = "hold"


@dataclass(frozen=True)
class Line:
    """A case with what the step would do, or did; `reasons` say why it does not happen."""

    case: Case
    version: str
    goal: str
    reasons: list[str]
    done: bool = False


@bp.post("")
@allowed(policy.may_act_in_bulk)
def act() -> str | tuple[str, int]:
    """Without `step` the choice of one; with it the dry run; with `go` the deed, each case on its own."""
    numbers = list(dict.fromkeys(request.form.getlist("numbers")))[:MOST]
    step, note = request.form.get("step", ""), request.form.get("note", "").strip()
    with desk().database.read() as session:
        found = _read(session, numbers)
    lines = [_line(case, options, step) for case, options in found]
    needs_note = any(_asks(options, step) == "required" for _case, options in found)
    going = bool(step and request.form.get("go"))
    problem = _("Isi catatan; langkah ini mewajibkannya.") if going and needs_note and not note else ""
    ready = going and not problem
    lines.sort(key=lambda line: bool(line.reasons))
    if ready:
        lines = [_taken(line, step, note or None) for line in lines]
    html = render_template(
        "cases/bulk.html",
        lines=lines,
        steps=_steps([options for _case, options in found]),
        step=step,
        note=note,
        needs_note=needs_note,
        problem=problem,
        possible=sum(not line.reasons for line in lines),
        over=ready,
        held=ready and request.form.get("go") == HOLD,
        holds=any(_holds(options, step) for _case, options in found),
    )
    return (html, 422) if problem else html


def _read(session: Session, numbers: list[str]) -> list[tuple[Case, list[Option]]]:
    who = actor(session)
    found = []
    for number in numbers:
        case = commands.find(session, who, number)
        found.append((case, [o for o in commands.options(session, who, case) if o.mine]))
    return found


def _asks(options: list[Option], step: str) -> str | None:
    return next((o.transition.note for o in options if o.transition.name == step), None)


def _holds(options: list[Option], step: str) -> bool:
    return any(o.transition.hold for o in options if o.transition.name == step)


def _steps(options: list[list[Option]]) -> list[dict[str, Any]]:
    """The steps without a form to fill in that any of the cases has, with for how many they are open."""
    found: dict[str, dict[str, Any]] = {}
    for option in (o for each in options for o in each if _asks_nothing(o.transition)):
        step = option.transition
        held = found.setdefault(
            step.name, {"name": step.name, "title": step.title(locale()), "open": 0, "all": 0}
        )
        held["all"] += 1
        held["open"] += option.allowed
    return sorted(found.values(), key=lambda step: (-step["open"], step["title"]))


def _asks_nothing(step: Transition) -> bool:
    return step.form is None or not problems(step.form, {})


def _line(case: Case, options: list[Option], step: str) -> Line:
    flow = process(case.process)
    version = request.form.get(f"version-{case.number}") or commands.etag(case)
    option = next((o for o in options if o.transition.name == step), None)
    if option is None:
        title = flow.states[case.state].title(locale())
        reasons = [_("Langkah ini tidak ada pada status “%(state)s”.", state=title)] if step else []
        return Line(case, version, "", reasons)
    goal = flow.states.get(option.transition.to)
    return Line(case, version, goal.title(locale()) if goal else "", [r.message for r in option.reasons])


def _taken(line: Line, step: str, note: str | None) -> Line:
    """Each in a transaction of its own: one that is refused holds up no other."""
    if line.reasons:
        return line
    try:
        with desk().database.write() as session:
            act = commands.hold_decision if request.form.get("go") == HOLD else commands.advance
            act(session, actor(session), line.case.number, step, expected=line.version, note=note, form={})
    except Refused as refusal:
        return Line(line.case, line.version, line.goal, [r.message for r in refusal.reasons])
    except Invalid as refusal:
        return Line(line.case, line.version, line.goal, [p.message for p in refusal.problems])
    except DomainError as fault:
        return Line(line.case, line.version, line.goal, [str(fault)])
    return Line(line.case, line.version, line.goal, [], done=True)
