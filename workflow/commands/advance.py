"""Taking a step of the process: by a person, or by a worker for the steps that belong to the system."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from workflow import deadlines, held, policy, revision
from workflow.chronology import date_problems
from workflow.commands.drafts import load_draft
from workflow.commands.find import check_version, find
from workflow.definition import SYSTEM, Process, Transition, process
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.guards import Attempt, average, reviews_of, spread, unmet
from workflow.ledger import Actor, record
from workflow.models import Case, Draft, Event
from workflow.phrases import ROLE_NAMES, phrase
from workflow.validation import problems, storable

NOTE_LIMITS = (3, 4000)


@dataclass(frozen=True)
class Option:
    """A step from the present state as one person sees it: open, or closed for these reasons."""

    transition: Transition
    mine: bool
    reasons: list[Reason]

    @property
    def allowed(self) -> bool:
        return self.mine and not self.reasons


def options(session: Session, actor: Actor, case: Case) -> list[Option]:
    """Every step people may take from the present state, with all reasons against it for this person."""
    flow = process(case.process)
    roles = policy.roles_on(actor.user, case) if actor.user else frozenset()
    found = []
    for step in flow.leaving(case.state):
        if not step.by_system:
            mine = bool(step.by & roles)
            reasons = unmet(Attempt(session, flow, case, step, actor.at, actor.user_id))
            if not mine:
                reasons.insert(0, _role_reason(step))
            found.append(Option(step, mine, reasons))
    return found


@dataclass(frozen=True)
class Approach:
    """A step from the present state that this person may try: the case is locked, nothing is judged yet."""

    case: Case
    step: Transition
    role: str


@dataclass(frozen=True)
class Release:
    """Who held a decision and when, and the words that were written for its mails, by mail."""

    held_by: int
    held_at: datetime
    mails: Mapping[str, Mapping[str, str]]


def advance(
    session: Session,
    actor: Actor,
    number: str,
    name: str,
    *,
    expected: str | None = None,
    note: str | None = None,
    form: Mapping[str, Any] | None = None,
) -> Case:
    """Take the step `name` from the present state of a case.

    Checks in order: visible (NotFound), version (Stale), step known (NotFound) and legal here (Refused),
    role (Forbidden), note and form (Invalid, all problems), guards (Refused, all reasons). Without `form`
    the saved draft is submitted. Then: the case, its event, deadlines and jobs, in one transaction.
    """
    found = approach(session, actor, number, name, expected=expected)
    return complete(session, actor, found, expected=expected, note=note, form=form)


def approach(
    session: Session, actor: Actor, number: str, name: str, *, expected: str | None = None
) -> Approach:
    """The first half of `advance`, up to the role, for those who must know the step to read its form."""
    case = find(session, actor, number, lock=True)
    check_version(case, expected, drafts_too=False)
    flow = process(case.process)
    step = flow.transition(case.stage, name)
    if step is None or step.by_system:
        raise _unknown(flow, case, name)
    if case.state not in step.origins:
        raise Refused(
            [
                Reason(
                    "state",
                    f"“{step.title.id}” tidak tersedia pada status “{flow.states[case.state].title.id}”.",
                )
            ]
        )
    role = next(iter(sorted(step.by & _roles(actor, case), key=policy.CASE_ROLES.index)), None)
    if role is None:
        raise Forbidden(_role_reason(step).message)
    return Approach(case, step, role)


def complete(
    session: Session,
    actor: Actor,
    found: Approach,
    *,
    expected: str | None = None,
    note: str | None = None,
    form: Mapping[str, Any] | None = None,
) -> Case:
    """The second half of `advance`: what is handed in, the guards, and the step itself."""
    document = judged(session, actor, found, expected=expected, note=note, form=form)
    note = (note or "").strip() or None
    take(session, found.case, actor, found.role, found.step, note=note, form=document)
    return found.case


def judged(
    session: Session,
    actor: Actor,
    found: Approach,
    *,
    expected: str | None = None,
    note: str | None = None,
    form: Mapping[str, Any] | None = None,
) -> Mapping[str, Any] | None:
    """The document that is handed in, once nothing speaks against the step. Raises Invalid or Refused."""
    case, step = found.case, found.step
    document = _document(session, case, step, expected, form)
    faults = _note_problems(step, note) + _form_problems(session, case, step, document, actor)
    if step.form is None and form:
        faults.append(Problem("/form", "Langkah ini tidak memakai formulir."))
    if faults:
        raise Invalid(faults, dict(document or {}))
    reasons = unmet(Attempt(session, process(case.process), case, step, actor.at, actor.user_id))
    if reasons:
        raise Refused(reasons)
    return document


def advance_by_itself(session: Session, case: Case, actor: Actor) -> Transition | None:
    """Take the first system step whose guards hold; the step taken, or None. Called by workers."""
    flow = process(case.process)
    for step in flow.automatic(case.state):
        if not unmet(Attempt(session, flow, case, step, actor.at)):
            take(session, case, actor, SYSTEM, step, result=_result(session, flow, case))
            return step
    return None


def take(
    session: Session,
    case: Case,
    actor: Actor,
    role: str,
    step: Transition,
    *,
    note: str | None = None,
    form: Mapping[str, Any] | None = None,
    result: Mapping[str, str] | None = None,
    release: Release | None = None,
) -> Event:
    """Write a step whose every check has passed: forms, state, deadlines, event, jobs.

    What was held for the case and is not released by this is void.
    """
    flow = process(case.process)
    origin = case.state
    with session.no_autoflush:  # one UPDATE of the case at the end instead of one before each query
        if step.form is not None and form is not None:
            _keep_form(case, step, form)
            session.execute(delete(Draft).where(Draft.case_id == case.id, Draft.form == step.form))
        case.version += 1
        if step.to != origin:
            if flow.states[origin].due is not None:
                deadlines.close_for(session, case, actor.at)
            case.state, case.entered_at, case.visit = step.to, actor.at, case.seq + 1
            case.outcome = flow.states[step.to].outcome
            deadlines.open_for(session, case, flow.states[step.to], actor.at)
            held.lapse(session, case, flow, origin, actor.at)
        data, content = _told(step, origin, note, form, release)
        if result is not None:
            data |= {"result": dict(result)}
        return record(session, case, actor, role, step.event, data, content or None, duties(flow, case, step))


def _told(
    step: Transition, origin: str, note: str | None, form: Mapping[str, Any] | None, release: Release | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the event of a step says, and the content that can be erased."""
    data: dict[str, Any] = {"transition": step.name, "from": origin, "to": step.to}
    content: dict[str, Any] = {}
    if note:
        content["note"] = note
    if form is not None:
        content["form"] = dict(form)
    if step.form is not None:
        data["form"] = step.form
    if release is not None:
        data["held"] = {"user": release.held_by, "at": release.held_at.isoformat()}
        content |= {"mails": dict(release.mails)} if release.mails else {}
    return data, content


def duties(flow: Process, case: Case, step: Transition) -> list[str]:
    """The handlers owed for a step: mails, what the stage file adds, and the system's own next move."""
    owed = ["notify"] if step.notify else []
    return owed + list(step.then) + autopilot(flow, case)


def autopilot(flow: Process, case: Case) -> list[str]:
    """Owed whenever something happened to a case that might now move by itself."""
    return ["autopilot"] if flow.automatic(case.state) else []


def _roles(actor: Actor, case: Case) -> frozenset[str]:
    return policy.roles_on(actor.user, case) if actor.user else frozenset()


def _unknown(flow: Process, case: Case, name: str) -> Refused | NotFound:
    """A step of another stage is one that is not open now; any other name is unknown."""
    elsewhere = [t for t in flow.transitions if t.name == name and not t.by_system]
    if not elsewhere:
        return NotFound()
    here = flow.states[case.state].title.id
    return Refused([Reason("state", f"“{elsewhere[0].title.id}” tidak tersedia pada status “{here}”.")])


def _role_reason(step: Transition) -> Reason:
    names = ", ".join(ROLE_NAMES[role] for role in policy.CASE_ROLES if role in step.by)
    return Reason("role", f"Langkah ini dilakukan oleh {names}.")


def _result(session: Session, flow: Process, case: Case) -> dict[str, str] | None:
    """What a finished round came to, for the record and the mail."""
    rule = flow.states[case.state].review
    given = reviews_of(session, case) if rule else []
    score, apart = average(given), spread(given)
    if rule is None or score is None:
        return None
    return {"score": str(score), "pass": str(rule.pass_score)} | ({"spread": str(apart)} if apart else {})


def _document(
    session: Session,
    case: Case,
    step: Transition,
    expected: str | None,
    form: Mapping[str, Any] | None,
) -> Mapping[str, Any] | None:
    if step.form is None:
        return None
    if form is not None:
        return form
    if expected is not None and "." in expected:
        check_version(case, expected, drafts_too=True)
    draft = load_draft(session, case, step.form)
    return draft.data if draft else {}


def _form_problems(
    session: Session, case: Case, step: Transition, form: Mapping[str, Any] | None, actor: Actor
) -> list[Problem]:
    if step.form is None or form is None:
        return []
    found = problems(step.form, form, actor.locale)
    found = found or date_problems(step.form, form, case, actor.at)
    found = found or revision.faults(session, case, step, form)
    return [Problem(f"/form{p.pointer}", p.message) for p in found]


def _note_problems(step: Transition, note: str | None) -> list[Problem]:
    text = (note or "").strip()
    if step.note is None and text:
        return [Problem("/note", "Langkah ini tidak memakai catatan.")]
    if step.note == "required" and len(text) < NOTE_LIMITS[0]:
        return [Problem("/note", "Catatan wajib diisi: sampaikan alasan atau hal yang perlu diperbaiki.")]
    return note_problems(text)


def note_problems(note: str) -> list[Problem]:
    """What is wrong with a note as a text, whatever it is for."""
    most = NOTE_LIMITS[1]
    if len(note) > most:
        return [Problem("/note", f"Catatan terlalu panjang: {len(note)} karakter, maksimal {most}.")]
    if not storable(note):
        return [Problem("/note", phrase("control", "id"))]
    return []


def _keep_form(case: Case, step: Transition, form: Mapping[str, Any]) -> None:
    forms = dict(case.forms)
    if step.form is None:
        return
    forms[step.form] = [*forms.get(step.form, []), dict(form)] if step.collect else dict(form)
    case.forms = forms
