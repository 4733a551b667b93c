"""Autosave: a form on its way, kept by the server so that no session or browser can lose it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.commands.find import check_version, find
from workflow.definition import Transition, process
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.ledger import Actor
from workflow.models import Case, Draft
from workflow.validation import draft_problems


def save_draft(
    session: Session,
    actor: Actor,
    number: str,
    document: Mapping[str, Any],
    expected: str | None,
    transition: str | None = None,
) -> Draft:
    """Keep an unfinished form; it may be incomplete, never malformed.

    Without `transition` it belongs to the first form that this person can fill in now.
    Raises Stale where another tab or person saved in between, Forbidden, Refused or Invalid.
    """
    case = find(session, actor, number, lock=True)
    check_version(case, expected, drafts_too=True)
    step = writable_step(case, actor, transition)
    if step.form is None:
        raise Refused([Reason("form", "Langkah ini tidak memiliki formulir.")])
    problems = draft_problems(step.form, document, actor.locale)
    if problems:
        raise Invalid([Problem(f"/form{p.pointer}", p.message) for p in problems], dict(document))
    return put_draft(session, case, actor, step.form, document)


def put_draft(session: Session, case: Case, actor: Actor, form: str, document: Mapping[str, Any]) -> Draft:
    """Write the draft row; the caller has checked everything."""
    draft = load_draft(session, case, form)
    if draft is None:
        draft = Draft(case_id=case.id, form=form, data={}, revision=0, saved_by=0, saved_at=actor.at)
        session.add(draft)
    draft.data = dict(document)
    draft.revision += 1
    draft.saved_by = actor.user_id or 0
    draft.saved_at = actor.at
    case.draft_revision += 1
    session.flush()
    return draft


def load_draft(session: Session, case: Case, form: str) -> Draft | None:
    return session.scalars(
        select(Draft).where(Draft.case_id == case.id, Draft.form == form, Draft.user_key == 0)
    ).one_or_none()


def draft_form(case: Case, actor: Actor) -> str | None:
    """The form that the person's next step asks for."""
    return next((t.form for t in form_steps(case, actor)), None)


def form_steps(case: Case, actor: Actor) -> list[Transition]:
    """The steps with a form that this person may take from the present state, main path first."""
    roles = policy.roles_on(actor.user, case) if actor.user else frozenset()
    track = "in_cohort" if case.cohort_id is not None else "outside_cohort"
    other = {"in_cohort", "outside_cohort"} - {track}
    return [
        t
        for t in process(case.process).leaving(case.state)
        if t.form and t.by & roles and not other & {g.name for g in t.guards}
    ]


def writable_step(case: Case, actor: Actor, name: str | None) -> Transition:
    """The named step, or the first with a form. Raises NotFound, Forbidden or Refused."""
    if name is None:
        steps = form_steps(case, actor)
        if not steps:
            raise Refused([Reason("state", "Tidak ada formulir yang dapat Anda isi pada tahap ini.")])
        return steps[0]
    step = process(case.process).transition(case.stage, name)
    if step is None:
        raise NotFound
    if case.state not in step.origins:
        raise Refused([Reason("state", f"“{step.title.id}” tidak tersedia pada status ini.")])
    if actor.user is None or not step.by & policy.roles_on(actor.user, case):
        raise Forbidden
    return step
