"""Held decisions: all of a cohort side by side, their mails before they are sent, release and undo."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from web import case_view
from web.context import actor, desk, me, now
from web.guards import allowed
from web.language import locale
from web.language import say as _
from workflow import commands, held, policy, queries, readable, validation
from workflow.definition import Transition, process
from workflow.errors import DomainError, Invalid, NotFound, Problem, Refused
from workflow.held import Mail
from workflow.models import Event, HeldDecision

bp = Blueprint("held", __name__, url_prefix="/keputusan")

MOST = 200


@dataclass(frozen=True)
class Line:
    """A decision with what its release would do, or did; `reasons` say why it stays as it is."""

    row: HeldDecision
    step: Transition
    goal: str
    reasons: list[str]
    mails: Sequence[Mail] = ()
    done: bool = False


@bp.get("")
@allowed(policy.may_hold)
def index() -> str:
    state, cohort = request.args.get("state", ""), request.args.get("cohort", "")
    with desk().database.read() as session:
        every, cohorts = held.listed(session, me()), queries.cohorts(session)
        changed = held.changes(session, every)
    rows = [row for row in every if _matches(row, state, cohort)]
    names = Counter(row.state for row in every)
    lines = [_line(row, changed=row.id in changed) for row in rows]
    return render_template(
        "held/index.html",
        lines=lines,
        every=len(every),
        figures=_figures(lines),
        states=[_choice(s, _title(every, s), n, state) for s, n in names.items()],
        cohorts=[_choice(c.code, c.name, None, cohort) for c in cohorts],
    )


@bp.post("/rilis")
@allowed(policy.may_hold)
def release() -> str:
    """The dry run: each is released and taken back; with `go` the deed, each case on its own."""
    ids = [int(text) for text in request.form.getlist("numbers")[:MOST] if _is_id(text)]
    over = bool(request.form.get("go"))
    with desk().database.read() as session:
        query = select(HeldDecision).where(HeldDecision.id.in_(ids)).order_by(HeldDecision.id)
        rows = [row for row in session.scalars(query).unique() if policy.may_see(me(), row.case)]
    lines = [_released(row) if over else _rehearsed(row) for row in rows]
    lines.sort(key=lambda line: bool(line.reasons))
    return render_template("held/release.html", lines=lines, figures=_figures(lines), over=over)


@bp.get("/<int:row_id>")
@allowed(policy.may_hold)
def show(row_id: int) -> str:
    return _page(row_id)


@bp.post("/<int:row_id>/surel")
@allowed(policy.may_hold)
def write(row_id: int) -> Response | tuple[str, int] | str:
    """Words of one's own for one mail, or back to the template."""
    name, back = request.form.get("mail", ""), request.form.get("_action") == "reset"
    words = {key: request.form.get(key, "") for key in ("subject", "body")}
    try:
        with desk().database.write() as session:
            commands.write_mail(session, actor(session), row_id, name, None if back else words)
    except Invalid as refusal:
        return _page(row_id, name, words, refusal.problems), 422
    except Refused as refusal:
        flash(str(refusal), "warning")
    else:
        flash(_("Surel kembali seperti semula.") if back else _("Teks surel disimpan."), "ok")
    return redirect(f"/keputusan/{row_id}")


@bp.post("/<int:row_id>/dibaca")
@allowed(policy.may_hold)
def look_again(row_id: int) -> Response:
    """What the page showed has been read; what came since is shown by the next."""
    seen = request.form.get("seen", "")
    try:
        with desk().database.write() as session:
            commands.look_again(session, actor(session), row_id, int(seen) if _is_id(seen) else 0)
    except (Invalid, Refused) as refusal:
        flash(" ".join(_said(refusal)), "warning")
    else:
        flash(_("Perubahan dicatat sudah dibaca; keputusan tetap ditahan."), "ok")
    return redirect(f"/keputusan/{row_id}")


@bp.post("/<int:row_id>/tarik")
@allowed(policy.may_hold)
def withdraw(row_id: int) -> Response:
    try:
        with desk().database.write() as session:
            commands.withdraw_decision(session, actor(session), row_id)
    except Refused as refusal:
        flash(str(refusal), "warning")
    else:
        flash(_("Keputusan ditarik. Tidak ada yang diberi tahu."), "ok")
    return redirect("/keputusan")


@bp.post("/<int:row_id>/singkirkan")
@allowed(policy.may_hold)
def put_away(row_id: int) -> Response:
    try:
        with desk().database.write() as session:
            commands.put_away(session, actor(session), row_id)
    except Refused as refusal:
        flash(str(refusal), "warning")
    return redirect("/keputusan")


def _page(
    row_id: int, name: str = "", words: dict[str, str] | None = None, problems: Sequence[Problem] = ()
) -> str:
    with desk().database.read() as session:
        if row_id >= 2**31:
            raise NotFound
        row = held.one(session, me(), row_id)
        step = held.step_of(row)
        since = held.changes(session, [row]).get(row.id, [])
    line = _line(row) if row.ended_at else _rehearsed(row)
    return render_template(
        "held/show.html",
        line=line,
        row=row,
        void=held.is_void(row),
        case=row.case,
        form=readable.answers(step.form, row.form, locale()) if step.form and row.form else [],
        form_title=validation.label(step.form, [], locale()) if step.form else "",
        changes=case_view.timeline(row.case, since, _people(since), {}, locale()),
        state=process(row.case.process).states[row.state].title(locale()),
        editing=name,
        words=words or {},
        problems=problems,
    )


def _people(events: list[Event]) -> dict[int, Any]:
    with desk().database.read() as session:
        return dict(queries.people_by_id(session, {e.actor_id for e in events if e.actor_id}))


def _line(row: HeldDecision, *, changed: bool = False) -> Line:
    """A decision as it lies there, its release not tried."""
    step, case = held.step_of(row), row.case
    goal = process(case.process).states[step.to].title(locale())
    reasons = []
    if row.ended_at is not None or case.visit != row.visit:
        here = process(case.process).states[case.state].title(locale())
        reasons = [_("Tidak berlaku lagi: usulan sudah berpindah ke “%(state)s”.", state=here)]
        if row.outcome not in {None, held.VOID}:
            reasons = [_("Keputusan ini sudah selesai.")]
    elif changed:
        reasons = [_("Usulan berubah sejak keputusan ditahan.")]
    return Line(row, step, goal, reasons)


def _rehearsed(row: HeldDecision) -> Line:
    """What its release would do now, mails included; all of it is taken back."""
    line = _line(row)
    try:
        with desk().database.rehearsal() as session:
            event = commands.release_decision(session, actor(session), row.id)
            mails = desk().write_mails(session, event, now())
    except DomainError as refusal:
        return Line(line.row, line.step, line.goal, _said(refusal))
    return Line(line.row, line.step, line.goal, [], mails)


def _released(row: HeldDecision) -> Line:
    """Each in a transaction of its own: one that is refused holds up no other."""
    line = _line(row)
    try:
        with desk().database.write() as session:
            commands.release_decision(session, actor(session), row.id)
    except DomainError as refusal:
        return Line(line.row, line.step, line.goal, _said(refusal))
    return Line(line.row, line.step, line.goal, [], done=True)


def _said(fault: DomainError) -> list[str]:
    if isinstance(fault, Invalid):
        return [problem.message for problem in fault.problems]
    return [reason.message for reason in fault.reasons] if isinstance(fault, Refused) else [str(fault)]


def _figures(lines: Sequence[Line]) -> dict[str, Any]:
    """The consequences in numbers: decisions by their tone, cases by where they go, mails."""
    ready = [line for line in lines if not line.reasons]
    tones = Counter(line.step.tone for line in ready)
    with desk().database.read() as session:
        here = queries.counts_by_state(session)
    goals = {line.step.to: line.goal for line in ready}
    coming = Counter(line.step.to for line in ready if not line.done)
    come = Counter(line.step.to for line in ready if line.done)
    return {
        "positive": tones["positive"],
        "neutral": tones["neutral"],
        "negative": tones["negative"],
        "left_out": len(lines) - len(ready),
        "mails": sum(len(line.mails) for line in ready),
        "moves": [
            {"goal": goal, "before": here.get(to, 0) - come[to], "after": here.get(to, 0) + coming[to]}
            for to, goal in goals.items()
        ],
    }


def _matches(row: HeldDecision, state: str, cohort: str) -> bool:
    code = row.case.cohort.code if row.case.cohort else ""
    return (not state or row.state == state) and (not cohort or code == cohort)


def _title(rows: list[HeldDecision], state: str) -> str:
    row = next(row for row in rows if row.state == state)
    return process(row.case.process).states[state].title(locale())


def _choice(value: str, label: str, count: int | None, chosen: str) -> dict[str, Any]:
    return {"value": value, "label": label, "count": count, "selected": value == chosen}


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 10  # noqa: PLR2004
