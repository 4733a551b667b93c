"""Do the cases agree with their events? Each case is rebuilt from its events alone and compared."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Text, case, select, type_coerce
from sqlalchemy.orm import Session, aliased

from workflow.definition import process
from workflow.models import Agency, Case, Cohort, Event, Evidence, Participant, Review

CASES_AT_ONCE = 200
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, StopIteration)
ASSIGNMENTS = {"people.assigned", "people.released", "people.abstained"}
VERSIONED = ASSIGNMENTS | {
    "case.amended",
    "case.import_undone",
    "people.handed_over",
    "evidence.added",
    "evidence.infected",
    "evidence.withdrawn",
    "claim.accepted",
    "claim.named",
    "claim.refused",
    "deadline.brought_forward",
    "deadline.extended",
    "deadline.put_off",
    "desk.cancelled",
    "desk.scheduled",
    "seminar.cancelled",
    "seminar.chair_changed",
    "seminar.moved",
    "seminar.scheduled",
}
FACTS = ("title", "category", "agency", "cohort")
BIRTH = ("number", "pipeline", "process", "parent")


@dataclass
class Folded:
    """A case as its events alone describe it; `erased` names the forms whose text was erased for good."""

    birth: dict[str, Any] = field(default_factory=dict)
    state: str = ""
    version: int = 1
    seq: int = 0
    visit: int = 1
    outcome: str | None = None
    created_at: datetime | None = None
    entered_at: datetime | None = None
    updated_at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    people: dict[str, int | None] = field(default_factory=dict)
    reviewers: frozenset[tuple[str, int]] = frozenset()
    forms: dict[str, Any] = field(default_factory=dict)
    reviews: dict[int, dict[str, Any]] = field(default_factory=dict)
    evidence: dict[int, dict[str, Any]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)


def differences(session: Session, progress: Callable[[int], None] = lambda _done: None) -> Iterator[str]:
    """Every way in which case rows disagree with the fold of their events; nothing if all agree.

    Needs constant memory: some hundred cases are held at a time. `progress` hears how many events are
    done. Where writing goes on, give it the session of a snapshot.
    """
    agencies = {row.id: row.code for row in session.execute(select(Agency.id, Agency.code))}
    cohorts = {row.id: row.code for row in session.execute(select(Cohort.id, Cohort.code))}
    orphans = select(Event.case_id).where(Event.case_id.not_in(select(Case.id))).distinct().limit(100)
    for case_id in session.scalars(orphans):
        yield f"usulan dengan id {case_id} hilang, peristiwanya ada"
    for rows in _cases(session):
        span = rows[0].id, rows[-1].id
        events = _grouped(session, _events().where(Event.case_id.between(*span)))
        actual = _Actual(session, span, agencies, cohorts)
        for row in rows:
            yield from (f"{row.number}: {fault}" for fault in _compare(row, events[row.id], actual))
        progress(sum(map(len, events.values())))


def fold(version: str, events: Iterable[Row[Any]]) -> Folded:
    """Replay the events of one case, oldest first, from nothing. `version` names its process."""
    folded = Folded()
    for event in events:
        data = event.data
        folded.seq += 1
        if event.seq != folded.seq:
            raise ValueError(f"peristiwa ke-{folded.seq} usulan ini hilang")
        folded.updated_at = event.at
        folded.version += event.name in VERSIONED
        if "transition" in data:
            _apply_transition(folded, version, event, data)
        elif event.name in APPLIED:
            APPLIED[event.name](folded, event, data)
    return folded


def _created(folded: Folded, event: Row[Any], data: dict[str, Any]) -> None:
    folded.birth = {key: data.get(key) for key in BIRTH}
    folded.state, folded.created_at, folded.entered_at = data["to"], event.at, event.at
    _amended(folded, event, data)


def _imported(folded: Folded, event: Row[Any], data: dict[str, Any]) -> None:
    """From an old registry, where it had reached its state before it came to us."""
    _created(folded, event, data)
    folded.entered_at = datetime.fromisoformat(data["since"])
    folded.outcome = process(data["process"]).states[data["to"]].outcome


def _import_undone(folded: Folded, event: Row[Any], data: dict[str, Any]) -> None:
    folded.state, folded.visit, folded.entered_at = data["to"], event.seq, event.at
    folded.outcome = process(folded.birth["process"]).states[data["to"]].outcome


def _amended(folded: Folded, _event: Row[Any], data: dict[str, Any]) -> None:
    folded.facts |= {key: data[key] for key in FACTS}
    folded.people |= data["people"]


def _assigned(folded: Folded, event: Row[Any], data: dict[str, Any]) -> None:
    change = frozenset({(data["state"], data["user"])})
    joined = event.name == "people.assigned"
    folded.reviewers = folded.reviewers | change if joined else folded.reviewers - change


def _handed_over(folded: Folded, _event: Row[Any], data: dict[str, Any]) -> None:
    folded.people["proposer"] = data["user"]


def _reviewed(folded: Folded, event: Row[Any], data: dict[str, Any]) -> None:
    given = {"state": data["state"], "visit": data["visit"], "reviewer_id": event.actor_id}
    said = (event.content or {}).get("review", {})
    folded.reviews[event.id] = given | {key: said.get(key) for key in ("recommendation", "scores", "comment")}


def _evidence_added(folded: Folded, event: Row[Any], data: dict[str, Any]) -> None:
    folded.evidence[event.id] = {
        "file_name": data["file"],
        **{key: data[key] for key in ("sha256", "size", "field", "indicator")},
    }


APPLIED: dict[str, Callable[[Folded, Row[Any], dict[str, Any]], None]] = {
    "case.created": _created,
    "case.offered": _created,
    "case.imported": _imported,
    "case.import_undone": _import_undone,
    "case.amended": _amended,
    "case.reviewed": _reviewed,
    "people.assigned": _assigned,
    "people.released": _assigned,
    "people.abstained": _assigned,
    "people.handed_over": _handed_over,
    "evidence.added": _evidence_added,
}


def _apply_transition(folded: Folded, version: str, event: Row[Any], data: dict[str, Any]) -> None:
    flow = process(version)
    folded.version += 1
    if data["to"] != data["from"]:
        folded.state, folded.visit, folded.entered_at = data["to"], event.seq, event.at
        folded.outcome = flow.states[data["to"]].outcome
    step = flow.transition(event.name.partition(".")[0], data["transition"])
    if step is None or step.form is None:
        return
    form = (event.content or {}).get("form")
    if form is None:
        folded.erased |= {step.form} if event.content_hash else set()
        return
    folded.forms[step.form] = [*folded.forms.get(step.form, []), form] if step.collect else form


class _Actual:
    """What the tables say of some cases, in the terms of a fold."""

    def __init__(
        self, session: Session, span: tuple[int, int], agencies: dict[int, str], cohorts: dict[int, str]
    ) -> None:
        self._agencies, self._cohorts = agencies, cohorts
        self._people = _grouped(
            session,
            select(Participant.case_id, Participant.role, Participant.state, Participant.user_id)
            .where(Participant.case_id.between(*span), Participant.until.is_(None))
            .order_by(Participant.id),
        )
        self._reviews = _grouped(session, select(*Review.__table__.c).where(Review.case_id.between(*span)))
        self._evidence = _grouped(
            session, select(*Evidence.__table__.c).where(Evidence.case_id.between(*span))
        )

    def folded(self, row: Row[Any], wanted: Folded) -> Folded:
        """The case as stored; what was erased is taken as the fold has it."""
        people = self._people[row.id]
        return Folded(
            birth={key: getattr(row, key) for key in BIRTH},
            facts={
                "title": row.title,
                "category": row.category,
                "agency": self._agencies.get(row.agency_id),
                "cohort": self._cohorts.get(row.cohort_id),
            },
            people={
                role: next((p.user_id for p in people if p.role == role), None) for role in wanted.people
            },
            reviewers=frozenset((p.state or "", p.user_id) for p in people if p.role == "reviewer"),
            forms={
                name: wanted.forms.get(name) if name in wanted.erased else form
                for name, form in row.forms.items()
                if name in wanted.forms or name not in wanted.erased
            },
            reviews=_as_told(self._reviews[row.id], wanted.reviews),
            evidence=_as_told(self._evidence[row.id], wanted.evidence),
            erased=wanted.erased,
            **{name: getattr(row, name) for name in PLAIN},
        )


PLAIN = ("state", "version", "seq", "visit", "outcome", "created_at", "entered_at", "updated_at")


def _as_told(rows: list[Row[Any]], wanted: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The rows by their event, with the columns that the fold knows; erased ones are null there."""
    found = {}
    for row in rows:
        told = wanted.get(row.event_id, {"event_id": None})
        found[row.event_id] = {key: None if said is None else getattr(row, key) for key, said in told.items()}
    return found


def _compare(row: Row[Any], events: list[Row[Any]], actual: _Actual) -> Iterator[str]:
    try:
        wanted = fold(row.process, events)
        stored = actual.folded(row, wanted)
    except UNREADABLE as fault:
        yield f"peristiwanya tidak dapat dibaca ({type(fault).__name__}: {fault})"
        return
    for part in fields(Folded):
        told, kept = getattr(wanted, part.name), getattr(stored, part.name)
        if told != kept:
            yield f"{part.name} tercatat {kept!r}, menurut peristiwa {told!r}"


def _cases(session: Session) -> Iterator[list[Row[Any]]]:
    last = 0
    parent = aliased(Case)
    query: Any = (
        select(*Case.__table__.c, parent.number.label("parent"))
        .outerjoin(parent, parent.id == Case.parent_id)
        .order_by(Case.id)
        .limit(CASES_AT_ONCE)
    )
    while rows := list(session.execute(query.where(Case.id > last)).all()):
        yield rows
        last = rows[-1].id


def _events() -> Any:  # noqa: ANN401 - a select of nine columns
    """Content only where the fold reads it: forms and reviews."""
    read = type_coerce(Event.data, Text).contains('"form":') | (Event.name == "case.reviewed")
    return select(
        Event.case_id,
        Event.id,
        Event.seq,
        Event.name,
        Event.at,
        Event.actor_id,
        Event.data,
        case((read, Event.content)).label("content"),
        Event.content_hash,
    ).order_by(Event.case_id, Event.seq)


def _grouped(session: Session, query: Any) -> dict[int, list[Row[Any]]]:  # noqa: ANN401 - any select
    """Rows by their `case_id`, in the order of the query."""
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(query):
        found[row.case_id].append(row)
    return found
