"""What a changed process would do to the cases that live under the present one, before it is applied."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import dates, deadlines
from workflow.audiences import AUDIENCES, people
from workflow.calendar import end_of
from workflow.definition import SYSTEM, Process, State, Transition, process
from workflow.guards import Attempt, unmet
from workflow.models import Case, Event
from workflow.phrases import ROLE_NAMES

KINDS = {
    "stuck": "macet",
    "moved": "berpindah dengan sendirinya",
    "outcome": "berubah akhir",
    "owner": "berganti giliran",
    "deadline": "berbeda batas waktu",
    "steps": "berubah langkahnya",
}
AT_ONCE = 200


@dataclass(frozen=True)
class Finding:
    """One thing that would be different for one case; `mails` is how many would go out because of it."""

    number: str
    state: str
    kind: str
    before: str
    after: str
    mails: int = 0


def rehearse(session: Session, changed: Process, now: datetime) -> Iterator[list[Finding]]:
    """The findings of each case that follows `changed.version` and was not undone, case by case.

    Nothing is written. A deadline that runs already is a row and stays what it is: a finding says what
    the changed rule would have made of it.
    """
    last = 0
    mine = (Case.process == changed.version, Case.voided_at.is_(None))
    query = select(Case).where(*mine).order_by(Case.id).limit(AT_ONCE)
    while cases := list(session.scalars(query.where(Case.id > last)).unique()):
        for case in cases:
            yield list(_findings(session, process(case.process), changed, case, now))
        last = cases[-1].id
        session.expunge_all()


def _findings(
    session: Session, present: Process, changed: Process, case: Case, now: datetime
) -> Iterator[Finding]:
    before, after = present.states[case.state], changed.states.get(case.state)
    title = before.title.id
    if after is None:
        yield Finding(case.number, case.state, "stuck", title, "status ini tidak ada lagi")
        return
    if before.outcome != after.outcome:
        yield Finding(
            case.number, case.state, "outcome", before.outcome or "berjalan", after.outcome or "berjalan"
        )
    if after.outcome is None and (why := _stuck(session, changed, case, after)):
        yield Finding(case.number, case.state, "stuck", title, why)
    if before.owner != after.owner:
        yield Finding(case.number, case.state, "owner", _role(before.owner), _role(after.owner))
    if (step := _moves(session, present, changed, case, now)) is not None:
        mails = _mails(session, case, step, now)
        yield Finding(case.number, case.state, "moved", title, changed.states[step.to].title.id, mails)
    if after.outcome is None:
        yield from _deadline(session, case, before, after)
    yield from _steps(present, changed, case)


def _stuck(session: Session, changed: Process, case: Case, state: State) -> str | None:
    """Why nobody could ever take this case on, in words."""
    if not changed.leaving(case.state):
        return "tidak ada langkah yang keluar dari status ini"
    if state.owner in {SYSTEM, "reviewer"} or state.owner not in AUDIENCES:
        return None
    if AUDIENCES[state.owner](session, case, Event(case_id=case.id, name="", data={})):
        return None
    return f"tidak ada orang sebagai {_role(state.owner)}"


def _moves(
    session: Session, present: Process, changed: Process, case: Case, now: datetime
) -> Transition | None:
    """The system's step that opens only with the change."""
    if _open(session, present, case, now) is not None:
        return None
    return _open(session, changed, case, now)


def _open(session: Session, flow: Process, case: Case, now: datetime) -> Transition | None:
    steps = flow.automatic(case.state)
    return next((step for step in steps if not unmet(Attempt(session, flow, case, step, now))), None)


def _mails(session: Session, case: Case, step: Transition, now: datetime) -> int:
    """At most this many: some people do without some of them."""
    event = Event(case_id=case.id, name=step.event, data={"from": case.state, "to": step.to})
    return sum(len(people(session, audience, case, event, now)) for audience in step.notify)


def _deadline(session: Session, case: Case, before: State, after: State) -> Iterator[Finding]:
    if before.due == after.due:
        return
    ends = end_of(deadlines.last_day(session, case, after, case.entered_at)) if after.due else None
    if ends != case.due_at:
        yield Finding(case.number, case.state, "deadline", _moment(case.due_at), _moment(ends))


def _steps(present: Process, changed: Process, case: Case) -> Iterator[Finding]:
    """Steps of people that come or go."""
    old = {step.name: step.title.id for step in present.leaving(case.state) if not step.by_system}
    new = {step.name: step.title.id for step in changed.leaving(case.state) if not step.by_system}
    if old.keys() != new.keys():
        gone = [old[name] for name in old.keys() - new.keys()]
        come = [new[name] for name in new.keys() - old.keys()]
        yield Finding(case.number, case.state, "steps", _listed(gone, "hilang"), _listed(come, "baru"))


def _listed(titles: list[str], word: str) -> str:
    return f"{word}: {', '.join(sorted(titles)) or '–'}"


def _role(owner: str) -> str:
    return ROLE_NAMES.get(owner, owner)


def _moment(at: datetime | None) -> str:
    return dates.deadline(at) if at else "tanpa batas waktu"
