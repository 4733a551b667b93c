"""Stays in stages, kept by the ledger with every event that begins or ends one; reckoned anew from events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.calendar import wib_date, working_days_between
from workflow.definition import Process, process
from workflow.models import Case, StageVisit


@dataclass(frozen=True)
class Turn:
    """What an event means for the stays of its case."""

    begins: str | None
    ends: bool
    goes_to: str | None


def turn(flow: Process, data: Mapping[str, Any]) -> Turn | None:
    """None for an event that neither begins nor ends a stay."""
    to, origin = str(data.get("to")), str(data.get("from"))
    if to not in flow.states or origin == to:
        return None
    stage, over = flow.states[to].stage, flow.states[to].outcome is not None
    if origin not in flow.states:
        return Turn(stage, over, None)
    elsewhere = flow.states[origin].stage != stage
    again = flow.states[origin].outcome is not None and not over
    found = Turn(stage if elsewhere or again else None, over, stage if elsewhere else None)
    return found if found.begins or found.ends else None


def follow(session: Session, told: Iterable[tuple[Case, Mapping[str, Any]]], at: datetime) -> None:
    """Write what these events (case, data) change; each case once. Nothing is asked where nothing turns."""
    turns = [(case, data, found) for case, data in told if (found := turn(process(case.process), data))]
    last = _last_of(session, [case.id for case, data, _found in turns if "from" in data])
    for case, data, found in turns:
        if case.id in last:
            _end(last[case.id], found, at)
        if found.begins:
            session.add(_begun(case.id, found, data, at))


def _last_of(session: Session, ids: list[int]) -> dict[int, StageVisit]:
    if not ids:
        return {}
    query = select(StageVisit).where(StageVisit.case_id.in_(ids)).order_by(StageVisit.id)
    return {visit.case_id: visit for visit in session.scalars(query)}


def stays(
    flow: Process, case_id: int, events: Iterable[tuple[Mapping[str, Any], datetime]]
) -> list[StageVisit]:
    """The stays that (data, at) of a case's events, in order, amount to."""
    made: list[StageVisit] = []
    for data, at in events:
        found = turn(flow, data)
        if found is None:
            continue
        if made:
            _end(made[-1], found, at)
        if found.begins:
            made.append(_begun(case_id, found, data, at))
    return made


def _begun(case_id: int, found: Turn, data: Mapping[str, Any], at: datetime) -> StageVisit:
    since = data.get("since")
    entered = datetime.fromisoformat(since) if isinstance(since, str) else at
    made = StageVisit(case_id=case_id, stage=found.begins, entered_at=entered)
    if found.ends:
        _close(made, at)
    return made


def _end(last: StageVisit, found: Turn, at: datetime) -> None:
    if last.left_at is None:
        _close(last, at)
    last.next_stage = found.goes_to or last.next_stage


def _close(visit: StageVisit, at: datetime) -> None:
    visit.left_at = at
    visit.working_days = max(working_days_between(wib_date(visit.entered_at), wib_date(at)), 0)
