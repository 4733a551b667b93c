"""The chain and the fold: is the record unaltered, and do the cases agree with it?"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.db import canonical
from workflow.definition import process
from workflow.ledger import GENESIS, digest, sha256
from workflow.models import Agency, Case, Chain, Cohort, Event

BATCH = 2000


@dataclass(frozen=True)
class Verdict:
    """The result of a verification: how far the chain holds, and the first fault if it does not."""

    events: int
    fault: str | None = None
    event_id: int | None = None

    @property
    def intact(self) -> bool:
        return self.fault is None


def verify(session: Session) -> Verdict:
    """Recompute the whole chain; names the first altered, missing or reordered event."""
    _stand_still(session)
    previous, count = GENESIS, 0
    for event in _in_order(session):
        fault = _fault(event, count + 1, previous)
        if fault:
            return Verdict(count, fault, event.id)
        previous, count = event.hash, count + 1
    head = session.get_one(Chain, 1)
    if (head.position, head.hash) != (count, previous):
        return Verdict(
            count,
            f"ujung rantai menyebut peristiwa ke-{head.position}, tercatat {count}",
            count + 1,
        )
    return Verdict(count)


def _stand_still(session: Session) -> None:
    """See one moment of the database, whatever is written meanwhile; a transaction of SQLite always does."""
    if session.get_bind().dialect.name == "postgresql" and not session.in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _fault(event: Event, position: int, previous: str) -> str | None:
    if event.id != position:
        return f"peristiwa ke-{position} hilang"
    if event.previous_hash != previous:
        return "tidak bersambung dengan peristiwa sebelumnya"
    if event.content is not None and sha256(canonical(event.content)) != event.content_hash:
        return "isi peristiwa berubah"
    if digest(event) != event.hash:
        return "data peristiwa berubah"
    return None


def _in_order(session: Session) -> Iterator[Event]:
    last = 0
    while batch := list(
        session.scalars(select(Event).where(Event.id > last).order_by(Event.id).limit(BATCH))
    ):
        yield from batch
        last = batch[-1].id
        session.expunge_all()


@dataclass
class Folded:
    """A case as its events alone describe it."""

    state: str = ""
    version: int = 1
    seq: int = 0
    visit: int = 1
    outcome: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    people: dict[str, int | None] = field(default_factory=dict)
    reviewers: frozenset[tuple[str, int]] = frozenset()
    forms: dict[str, Any] = field(default_factory=dict)


VERSIONED = {
    "case.amended",
    "people.assigned",
    "people.released",
    "people.handed_over",
    "evidence.added",
}
FACTS = ("title", "category", "agency", "cohort")


def fold(case: Case, events: list[Event]) -> Folded:
    """Replay a case's events, oldest first, from nothing."""
    folded = Folded()
    for event in events:
        folded.seq = event.seq
        data = event.data
        if "transition" in data:
            _apply_transition(folded, case, event)
        elif event.name == "case.created":
            folded.state = data["to"]
        elif event.name in {"people.assigned", "people.released"}:
            change = frozenset({(data["state"], data["user"])})
            folded.reviewers = (
                folded.reviewers | change if event.name == "people.assigned" else folded.reviewers - change
            )
        elif event.name == "people.handed_over":
            folded.people["proposer"] = data["user"]
        folded.version += event.name in VERSIONED
        if event.name in {"case.created", "case.amended"}:
            folded.facts |= {key: data[key] for key in FACTS}
            folded.people |= data["people"]
    return folded


def _apply_transition(folded: Folded, case: Case, event: Event) -> None:
    flow, data = process(case.process), event.data
    folded.version += 1
    if data["to"] != data["from"]:
        folded.state, folded.visit = data["to"], event.seq
        folded.outcome = flow.states[data["to"]].outcome
    step = flow.transition(event.name.partition(".")[0], data["transition"])
    form = (event.content or {}).get("form")
    if step is None or step.form is None or form is None:
        return
    held = folded.forms.get(step.form, [])
    folded.forms[step.form] = [*held, form] if step.collect else form


def differences(session: Session) -> Iterator[str]:
    """Every way in which a case row disagrees with the fold of its events; nothing if all agree."""
    _stand_still(session)
    agencies = {row.id: row.code for row in session.execute(select(Agency.id, Agency.code))}
    cohorts = {row.id: row.code for row in session.execute(select(Cohort.id, Cohort.code))}
    for case in session.scalars(select(Case).order_by(Case.id)):
        events = list(session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.seq)))
        folded = fold(case, events)
        erased = any(e.content is None and e.content_hash is not None for e in events)
        actual = Folded(
            state=case.state,
            version=case.version,
            seq=case.seq,
            visit=case.visit,
            outcome=case.outcome,
            facts={
                "title": case.title,
                "category": case.category,
                "agency": agencies[case.agency_id],
                "cohort": cohorts.get(case.cohort_id) if case.cohort_id else None,
            },
            people={role: (h.id if (h := case.holder(role)) else None) for role in folded.people},
            reviewers=frozenset(
                (p.state or "", p.user_id)
                for p in case.participants
                if p.role == "reviewer" and p.until is None
            ),
            forms=folded.forms if erased else case.forms,
        )
        for name, value in vars(folded).items():
            if getattr(actual, name) != value:
                yield f"{case.number}: {name} tercatat {getattr(actual, name)!r}, menurut peristiwa {value!r}"
