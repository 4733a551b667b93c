"""Cases that come from a file: an old registry, or the participants of a training; and taking them back.

Like every command these write the case, its event and its people in the caller's transaction. They owe no
mails: hundreds of rows concern people who did nothing just now. Deadlines of an archived innovation begin
with its first step here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import deadlines
from workflow.commands.numbers import next_numbers
from workflow.definition import process, version_for
from workflow.ledger import Actor, Entry, record_all
from workflow.models import Agency, Case, Cohort, Draft, Participant, User


@dataclass(frozen=True)
class Arrival:
    """One case to be made. `source` names the import and its row, `raw` is the row as it came.

    With a `tahapan` it is an innovation that an old registry already knows, at that stage `since` a day;
    without, a proposal that begins. `version_of` is the number of the innovation it continues, or the
    arrival that does.
    """

    title: str
    category: str
    agency: Agency
    year: int
    source: Mapping[str, Any]
    raw: Mapping[str, str]
    tahapan: str | None = None
    since: datetime | None = None
    cohort: Cohort | None = None
    proposer: User | None = None
    mentor: User | None = None
    version_of: "str | Arrival | None" = None

    def __hash__(self) -> int:
        return id(self)


def receive(session: Session, actor: Actor, role: str, arrivals: Sequence[Arrival]) -> list[Case]:
    """Make a case of each, in order: registered ones at the stage they have reached, others as drafts."""
    numbers = _numbers(session, arrivals)
    cases = [_case(actor, arrival, number) for arrival, number in zip(arrivals, numbers, strict=True)]
    session.add_all(cases)
    session.flush()
    for case, arrival in zip(cases, arrivals, strict=True):
        if arrival.tahapan is None:
            deadlines.open_for(session, case, process(case.process).states[case.state], actor.at)
    known = dict(zip(arrivals, numbers, strict=True))
    record_all(
        session,
        actor,
        [
            Entry(
                case,
                role,
                "case.imported" if arrival.tahapan else "case.created",
                _facts(case, arrival, known),
                {"row": dict(arrival.raw)},
            )
            for case, arrival in zip(cases, arrivals, strict=True)
        ],
    )
    return cases


def take_back(session: Session, actor: Actor, role: str, cases: Sequence[Case]) -> dict[int, str]:
    """Undo arrivals: withdrawn and out of every list, while their record stays. Why some stay, by id.

    Whatever somebody has worked on since is left alone.
    """
    ids = [case.id for case in cases]
    drafted = set(session.scalars(select(Draft.case_id).where(Draft.case_id.in_(ids))))
    adopted = set(session.scalars(select(Case.parent_id).where(Case.parent_id.in_(ids))))
    reasons = {c.id: reason for c in cases if (reason := _touched(c, drafted, adopted))}
    entries = []
    for case in cases:
        if case.id not in reasons and case.voided_at is None:
            origin, case.state = case.state, process(case.process).state_with("withdrawn")
            if case.due_at is not None:
                deadlines.close_for(session, case, actor.at)
            case.outcome, case.visit, case.due_at = "withdrawn", case.seq + 1, None
            case.entered_at = case.voided_at = actor.at
            case.version += 1
            entries.append(Entry(case, role, "case.import_undone", {"from": origin, "to": case.state}))
    record_all(session, actor, entries)
    return reasons


def _numbers(session: Session, arrivals: Sequence[Arrival]) -> list[str]:
    """Those of each year in the order of the arrivals."""
    years = [arrival.year for arrival in arrivals]
    free = {year: iter(next_numbers(session, "INV", year, years.count(year))) for year in sorted(set(years))}
    return [next(free[year]) for year in years]


def _case(actor: Actor, arrival: Arrival, number: str) -> Case:
    flow = process(version_for(arrival.year))
    state = flow.archive_state(arrival.tahapan) if arrival.tahapan else flow.first_state("innovation")
    people = (("proposer", arrival.proposer), ("mentor", arrival.mentor))
    return Case(
        number=number,
        pipeline="innovation",
        process=flow.version,
        state=state,
        outcome=flow.states[state].outcome,
        visit=1,
        entered_at=arrival.since or actor.at,
        version=1,
        seq=0,
        title=arrival.title,
        category=arrival.category,
        agency=arrival.agency,
        cohort=arrival.cohort,
        forms={},
        created_at=actor.at,
        updated_at=actor.at,
        participants=[Participant(user=user, role=role, since=actor.at) for role, user in people if user],
    )


def _facts(case: Case, arrival: Arrival, known: Mapping[Arrival, str]) -> dict[str, Any]:
    earlier = arrival.version_of
    return {
        "number": case.number,
        "pipeline": case.pipeline,
        "process": case.process,
        "to": case.state,
        "since": case.entered_at.isoformat(),
        "title": case.title,
        "category": case.category,
        "agency": arrival.agency.code,
        "cohort": arrival.cohort.code if arrival.cohort else None,
        "people": {p.role: p.user.id for p in case.participants},
        "source": dict(arrival.source),
        "tahapan": arrival.tahapan,
        "version_of": known.get(earlier) if isinstance(earlier, Arrival) else earlier,
    }


def _touched(case: Case, drafted: set[int], adopted: set[int | None]) -> str | None:
    if case.voided_at is None and case.seq > 1:
        return "Sudah ada langkah setelah impor."
    if case.id in adopted:
        return "Sudah ada perangkat daerah yang mengadopsinya."
    return "Formulirnya sudah mulai diisi." if case.id in drafted else None
