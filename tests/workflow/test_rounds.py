"""When a round of reviews ends, by the rule of its stage, and what races come to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import ask, in_review, judge, together
from workflow import commands
from workflow.commands.review import save_review_draft
from workflow.db import Database
from workflow.definition import Process, ReviewRule, process
from workflow.errors import Refused
from workflow.guards import Attempt, round_complete
from workflow.ledger import Actor
from workflow.models import Case, Email, Event, Participant, Review, User
from workflow.people import find_user
from workflow.samples import sample

As = Callable[[Session, str], Actor]
SEMINAR = "pkp_proposal.design_seminar"
RULE = ReviewRule("design_seminar_review", 3, 2, 70, ("organiser",))
RULES = {
    "everybody": RULE,
    "quorum": replace(RULE, closes="quorum"),
    "two outside": replace(RULE, closes="quorum", outside=2),
}


def under(rule: ReviewRule) -> Process:
    """The process of 2022 with another rule for the design seminar."""
    flow = process("2022")
    stage = flow.stages["pkp_proposal"]
    states = {**stage.states, SEMINAR: replace(stage.states[SEMINAR], review=rule)}
    return Process("2022", {**flow.stages, "pkp_proposal": replace(stage, states=states)})


def closes(database: Database, clock: MovableClock, *, over: bool = False) -> dict[str, bool]:
    """Whether the round would close now, under each of the rules."""
    now = clock() + timedelta(days=60 if over else 0)
    with database.read() as session:
        case = session.scalars(select(Case)).one()
        step = process("2022").leaving(SEMINAR)[0]
        return {
            name: round_complete(Attempt(session, under(rule), case, step, now)) is None
            for name, rule in RULES.items()
        }


def test_when_a_round_closes_is_the_stage_s_rule(database: Database, as_: As, clock: MovableClock) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri", "tono")
    nobody = closes(database, clock, over=True)
    with database.write() as session:
        save_review_draft(session, as_(session, "sri"), number, {"comment": "Draf tidak dihitung."})
    judge(database, as_, number, "rudi")
    one = closes(database, clock, over=True)
    judge(database, as_, number, "sri")
    two, two_late = closes(database, clock), closes(database, clock, over=True)
    judge(database, as_, number, "tono")

    assert nobody == one == {"everybody": False, "quorum": False, "two outside": False}
    assert two == {"everybody": False, "quorum": True, "two outside": True}
    assert two_late == {"everybody": True, "quorum": True, "two outside": True}
    assert closes(database, clock) == {"everybody": True, "quorum": True, "two outside": True}


def test_a_round_waits_for_reviews_from_outside_the_agency(
    database: Database, as_: As, clock: MovableClock
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri")
    judge(database, as_, number, "rudi")
    judge(database, as_, number, "sri")
    with database.write() as session:
        user = find_user(session, "sri@contoh.invalid")
        ani = find_user(session, "ani@contoh.invalid")
        assert user is not None
        assert ani is not None
        user.agency = ani.agency

    assert closes(database, clock) == {"everybody": True, "quorum": True, "two outside": False}


def test_reviews_far_apart_go_to_the_coordinator_and_are_not_averaged_away(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri", "tono")
    for name, score in (("rudi", 95), ("sri", 90), ("tono", 60)):
        judge(database, as_, number, name, score)

    run_workers()

    with database.read() as session:
        state = session.scalars(select(Case.state)).one()
        told = set(session.scalars(select(Email.to_address).where(Email.kind == "reviews_disagree")))
        result = session.scalars(select(Event.data).where(Event.name.endswith("design_deliberated"))).one()
    assert state == "pkp_proposal.design_deliberation"
    assert told == {f"{name}@contoh.invalid" for name in ("retno", "endah", "wulan")}
    assert result["result"] == {"score": "81.67", "pass": "70", "spread": "35.00"}


def test_a_mean_on_the_threshold_passes_and_a_spread_on_the_limit_is_no_disagreement(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri", "tono")
    for name, score in (("rudi", 55), ("sri", 85), ("tono", 70)):
        judge(database, as_, number, name, score)

    run_workers()

    with database.read() as session:
        result = session.scalars(select(Event.data).where(Event.name.endswith("design_passed"))).one()
    assert result["result"] == {"score": "70.00", "pass": "70", "spread": "30.00"}


def test_criteria_count_by_their_weights(database: Database, as_: As) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi")
    scores = {"problem": 90, "renewal": 70, "plan": 60, "benefit": 80, "mastery": 50}
    document = sample("design_seminar_review") | {"scores": scores}
    with database.write() as session:
        commands.give_review(session, as_(session, "rudi"), number, document)
        assert session.scalars(select(Review.score)).one() == "71.00"  # 70 without weights


def test_a_round_waits_for_nobody_who_was_asked_in_another_state(
    database: Database, as_: As, clock: MovableClock
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri", "tono")
    with database.write() as session:
        case, who = session.scalars(select(Case)).one(), as_(session, "wulan").user
        assert who is not None
        earlier = {"role": "reviewer", "state": "pkp_proposal.feasibility", "since": clock()}
        session.add(Participant(case_id=case.id, user_id=who.id, **earlier))
    for name in ("rudi", "sri", "tono"):
        judge(database, as_, number, name)
    assert closes(database, clock)["everybody"]


def test_two_reviews_in_the_same_instant_close_the_round_once(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri", "tono")
    judge(database, as_, number, "rudi")

    together(
        lambda: judge(database, as_, number, "sri"),
        lambda: judge(database, as_, number, "tono"),
    )
    together(run_workers, run_workers)

    with database.read() as session:
        closed = session.scalar(select(func.count()).where(Event.name == "pkp_proposal.design_passed"))
        assert session.scalars(select(Case.state)).one() == "pkp_proposal.implementation"
    assert closed == 1


def test_a_review_by_somebody_who_has_become_conflicted_is_not_taken(database: Database, as_: As) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi")
    with database.write() as session:  # as a race would leave it: the assignment still stands
        rudi = session.scalars(select(User).where(User.email == "rudi@contoh.invalid")).unique().one()
        rudi.agency = session.scalars(select(Case)).one().agency

    with pytest.raises(Refused) as refusal:
        judge(database, as_, number, "rudi")

    assert refusal.value.reasons[0].guard == "conflict"
