"""Titik macet: waiting times against a plain count of the same cases."""

from datetime import timedelta
from statistics import median_low

import pytest
from sqlalchemy import select

from tests.conftest import MONDAY, MovableClock
from tests.workflow.registry import fill
from workflow.ageing import ageing
from workflow.calendar import wib_date, working_days_between
from workflow.case_lists import Filters, list_cases
from workflow.db import Database
from workflow.ledger import Actor, record
from workflow.models import Agency, Case, Participant, Review, User
from workflow.people import find_user

STATE = "pkp_proposal.design_seminar"


@pytest.fixture
def waiting(database: Database, clock: MovableClock) -> Database:
    """The demo's innovations, entered 1, 2, … days ago; every third is late, every fifth has ended."""
    fill(database)
    clock.tick(days=60)
    with database.write() as session:
        unit = session.scalars(select(Agency).where(Agency.code == "puskesmas-tanon-1")).one()
        for case in session.scalars(select(Case)):
            case.entered_at = clock() - timedelta(days=case.id)
            case.due_at = clock() - timedelta(days=1) if case.id % 3 == 0 else None
            case.outcome = "stopped" if case.id % 5 == 0 else None
            case.agency = unit if case.id % 7 == 0 else case.agency
    return database


def person(session: object, name: str) -> User:
    found = find_user(session, f"{name}@contoh.invalid")  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize(
    "filters",
    [Filters(), Filters(category="digital"), Filters(agency="puskesmas-tanon-1"), Filters(stage="opd_pilot")],
)
def test_states_and_agencies_agree_with_a_plain_count(
    waiting: Database, clock: MovableClock, filters: Filters
) -> None:
    now = clock()
    with waiting.read() as session:
        user = person(session, "endah")
        held = ageing(session, user, now, filters)
        listed = list_cases(session, user, now, Filters(**{**vars(filters), "running": True}), limit=200)
        assert held.total == listed.total == sum(a.count for a in held.agencies) > 0
        grouped: dict[str, list[Case]] = {}
        for case in listed.cases:
            grouped.setdefault(case.state, []).append(case)
            grouped.setdefault(case.agency.department, []).append(case)
        found = [*held.states, *held.agencies]
        assert {standing.value for standing in found} == set(grouped)
        for standing in found:
            cases = grouped[standing.value]
            days = [working_days_between(wib_date(case.entered_at), wib_date(now)) for case in cases]
            late = [case for case in cases if case.due_at is not None]
            assert (standing.count, standing.late) == (len(cases), len(late))
            assert (standing.median, standing.longest) == (median_low(days), max(days))
            assert standing.oldest == min(cases, key=lambda case: (case.entered_at, case.id)).number
            assert list_cases(session, user, now, standing.filters).total == standing.count
        most = max((state.late for state in held.states), default=0)
        assert (held.stuck.late if held.stuck else 0) == most


def test_a_reviewer_counts_from_being_asked_and_only_what_is_owed(
    database: Database, clock: MovableClock
) -> None:
    """Rudi was asked on Monday for three: one given on Wednesday, one owed, one set aside."""
    fill(database)
    with database.write() as session:
        rudi, endah = person(session, "rudi"), person(session, "endah")
        cases = list(session.scalars(select(Case).order_by(Case.id).limit(3)))
        for case in cases:
            case.state, case.outcome, case.due_at = STATE, None, MONDAY + timedelta(days=1)
            event = record(session, case, Actor(endah, MONDAY, "id"), "mentor", "approved", {})
            case.visit, case.entered_at = event.seq, MONDAY
            case.participants.append(Participant(user=rudi, role="reviewer", state=STATE, since=MONDAY))
        for case, aside in ((cases[0], None), (cases[1], MONDAY)):
            session.add(
                Review(
                    case_id=case.id, state=STATE, visit=case.visit, reviewer_id=rudi.id, event_id=1,
                    recommendation="pass", scores={}, score="80", comment="", set_aside_at=aside,
                    submitted_at=MONDAY + timedelta(days=2),
                )
            )  # fmt: skip
        left = cases[2].number
    clock.tick(days=4)
    with database.read() as session:
        held = ageing(session, person(session, "endah"), clock(), Filters())
        assert held.reviewers is not None
        pace = next(pace for pace in held.reviewers if pace.name == rudi.name)
        assert (pace.owed, pace.late, pace.longest, pace.oldest) == (1, 1, 4, left)
        assert (pace.given, pace.median) == (1, 2)
        assert ageing(session, person(session, "budi"), clock(), Filters()).reviewers is None
