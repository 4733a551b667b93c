"""Assigning a whole cohort or state at once: a balanced proposal with its reasons, then one press."""

from typing import Any
from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web.context import actor, desk, me, now
from web.guards import signed_in
from web.language import locale
from web.once import once
from workflow import assignment, commands, policy, queries
from workflow.definition import process, versions
from workflow.errors import Forbidden, Invalid, Refused
from workflow.models import Case

bp = Blueprint("assignments", __name__, url_prefix="/penugasan")

MOST_CASES = 120


@bp.get("")
@signed_in
def show() -> str:
    return _page(request.args.get("state", ""), request.args.get("cohort", ""), None)


@bp.post("")
@signed_in
def apply() -> Response | tuple[str, int]:
    """Ask all ticked pairs, or none where one of them no longer holds."""
    state, cohort = request.form.get("state", ""), request.form.get("cohort", "")
    pairs = [_pair(text) for text in request.form.getlist("pair")]
    try:
        with desk().database.write() as session, once(session, request.form.getlist("pair")) as call:
            if call.location is None:
                count = commands.assign_all(session, actor(session), state, pairs)
                call.location = f"/penugasan?state={state}&cohort={cohort}"
                flash(_("%(n)s penugasan dibuat; setiap penelaah mendapat surel.", n=count), "ok")
            target = call.location
    except Refused as refusal:
        return _page(state, cohort, [reason.message for reason in refusal.reasons]), 409
    except Invalid as refusal:
        return _page(state, cohort, [problem.message for problem in refusal.problems]), 422
    return redirect(target)


def _pair(text: str) -> tuple[str, int]:
    number, _sign, user_id = text.partition(":")
    return number[:20], int(user_id) if user_id.isdecimal() and len(user_id) < 10 else 0  # noqa: PLR2004


def _page(state: str, cohort: str, refused: list[str] | None) -> str:
    with desk().database.read() as session:
        choices = _choices(session)
        if not choices:
            raise Forbidden("Penelaah ditugaskan oleh penyelenggara atau koordinator.")
        state = state if state in {c["value"] for c in choices} else _first(choices)
        cohorts = queries.cohorts(session)
        cases = _cases(session, state, cohort)
        made = assignment.propose(session, cases, now())
    return render_template(
        "assignments.html",
        states=[{**c, "selected": c["value"] == state} for c in choices],
        cohorts=[{"value": c.code, "label": c.name, "selected": c.code == cohort} for c in cohorts],
        state=state,
        cohort=cohort,
        made=made,
        total=sum(len(line.chosen) for line in made.lines),
        short=sum(line.missing for line in made.lines),
        refused=refused,
        key=uuid4().hex,
    )


def _choices(session: Session) -> list[dict[str, Any]]:
    """The states with reviews in which this person may assign, with how many cases stand there."""
    roles = me().global_roles
    counts = queries.counts_by_state(session)
    flow = process(versions()[-1])
    return [
        {
            "value": s.name,
            "label": f"{flow.stages[s.stage].title(locale())}: {s.title(locale())}",
            "count": counts.get(s.name, 0),
        }
        for s in flow.states.values()
        if s.review and set(s.review.assign) & roles
    ]


def _first(choices: list[dict[str, Any]]) -> str:
    return str(next((c["value"] for c in choices if c["count"]), choices[0]["value"]))


def _cases(session: Session, state: str, cohort: str) -> list[Case]:
    """Cases of the state in which this person may assign; those that are complete stay in the table."""
    found = queries.cases_in(session, me(), state, cohort, MOST_CASES)
    return [c for c in found if set(assignment.rule_of(c).assign) & policy.roles_on(me(), c)]
