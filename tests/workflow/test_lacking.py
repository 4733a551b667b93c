"""What lacks reviewers or reviews: the list says it as the guards do, and the work page hides none."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MONDAY, MovableClock
from tests.workflow.registry import fill
from workflow import lacking
from workflow.case_lists import Filters, list_cases
from workflow.db import Database
from workflow.guards import missing
from workflow.ledger import Actor
from workflow.models import Case, Event, Participant, Review
from workflow.people import find_user

As = Callable[[Session, str], Actor]
FEASIBILITY = "pkp_proposal.feasibility"
GIVEN: tuple[tuple[str, ...], ...] = (
    (),
    ("rudi",),
    ("rudi", "sri"),
    ("rudi", "sri", "tono"),
    ("yuli", "tuti", "wulan"),
    ("-rudi", "-sri", "tono"),
)
"""Who has reviewed each case; with a minus, set aside."""


def _lay_out(database: Database) -> None:
    fill(database)
    with database.write() as session:
        for number, names in enumerate(GIVEN * 4, start=1):
            case = session.get_one(Case, number)
            case.state, case.due_at = FEASIBILITY, MONDAY - timedelta(days=number)
            for name in names:
                _judge(session, case, name)


def _judge(session: Session, case: Case, name: str) -> None:
    user = find_user(session, f"{name.removeprefix('-')}@contoh.invalid")
    assert user is not None
    case.participants.append(Participant(user=user, role="reviewer", state=case.state, since=MONDAY))
    told = {"role": "reviewer", "at": MONDAY, "data": {}, "previous_hash": "", "hash": f"{case.id}{name}"}
    last = session.scalar(select(func.max(Event.id))) or 0
    session.add(
        event := Event(id=last + 1, case_id=case.id, seq=len(case.participants), name="case.reviewed", **told)
    )
    session.flush()
    session.add(
        Review(
            case_id=case.id,
            state=case.state,
            visit=case.visit,
            reviewer_id=user.id,
            event_id=event.id,
            recommendation="feasible",
            scores={},
            score="80",
            comment="",
            submitted_at=MONDAY,
            set_aside_at=MONDAY if name.startswith("-") else None,
        )
    )


def test_the_list_finds_what_the_guards_say(database: Database, as_: As, clock: MovableClock) -> None:
    _lay_out(database)
    with database.read() as session:
        user = as_(session, "endah").user
        assert user is not None
        rule = lacking.rules_of(user)[FEASIBILITY]
        cases = [session.get_one(Case, number) for number in range(1, len(GIVEN) * 4 + 1)]
        given = {
            c.id: list(session.scalars(select(Review).where(Review.case_id == c.id)).unique()) for c in cases
        }
        short = {c.id for c in cases if missing(c, rule, given[c.id], clock())}
        few = {c.id for c in cases if len(c.holders("reviewer", c.state)) < rule.reviewers}

        listed = {
            name: {c.id for c in list_cases(session, user, clock(), asked).cases}
            for name, asked in {"short": Filters(short=True), "lacking": Filters(lacking=True)}.items()
        }

        assert {name: ids & set(given) for name, ids in listed.items()} == {"short": short, "lacking": few}
        assert 0 < len(short) < len(cases)
        lot, told = lacking.short_rounds(session, user, clock())
        assert (set(told), lot.total) == ({c.id for c in lot.cases}, len(listed["short"]))


def test_work_says_how_many_there_are(database: Database, as_: As, clock: MovableClock) -> None:
    fill(database)
    with database.write() as session:
        for number in range(1, lacking.SHOWN + 6):
            session.get_one(Case, number).state = FEASIBILITY
    with database.read() as session:
        user, nobody = as_(session, "endah").user, as_(session, "ani").user
        assert user is not None
        assert nobody is not None
        lot = lacking.needing_reviewers(session, user)
        assert len(lot.cases) == lacking.SHOWN
        assert lot.total >= lacking.SHOWN + 5
        assert list_cases(session, user, clock(), Filters(lacking=True)).total == lot.total
        assert lacking.needing_reviewers(session, nobody).total == 0
