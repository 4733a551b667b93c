"""The page of the rules of notification says what the workers do."""

import pytest

from tests.web.conftest import SignIn
from workflow import notice_rules
from workflow.definition import process, versions
from workflow.mail_groups import switch_of
from workflow.models import Case, Event
from workflow.notices import NOTICES

FLOW = process(versions()[-1])
STEPS = [(step, audience, kind) for step in FLOW.transitions for audience, kind in step.notify.items()]


def test_every_mail_of_a_step_is_a_rule_and_may_be_switched_off_where_the_workers_say_so() -> None:
    rules = [rule for stage in FLOW.stages.values() for rule in notice_rules.of_stage(FLOW, stage)]
    told = {(r.step, r.audience, r.kind, r.optional) for r in rules if r.step}
    due = set()
    for step, audience, kind in STEPS:
        case = Case(process=FLOW.version, state=step.to)
        event = Event(name=step.event, data={"from": step.origins[0], "to": step.to})
        due.add((step.name, audience, kind, switch_of(kind, audience, case, event) is not None))
    assert told == due
    assert len([r for r in rules if r.step]) == len(STEPS)


def test_time_and_facts_are_told_too() -> None:
    rules = [rule for stage in FLOW.stages.values() for rule in notice_rules.of_stage(FLOW, stage)]
    for state in FLOW.states.values():
        reminders = [r.days for r in rules if r.state == state.name and r.kind == "reminder"]
        assert reminders == list(state.due.remind if state.due else ())
    facts = {(r.fact, r.audience) for r in notice_rules.of_every_stage()}
    assert facts == {
        (fact, audience)
        for fact, notices in NOTICES.items()
        for audience in notices
        if fact not in {"deadline.reminded", "deadline.passed"}
    }


@pytest.mark.parametrize("who", ["ani", "dimas"])
def test_anybody_reads_the_rules_for_one_audience(sign_in: SignIn, who: str) -> None:
    browser = sign_in(who)
    everybody = browser.get("/proses/pemberitahuan").text
    mentors = browser.get("/proses/pemberitahuan?untuk=mentor").text
    count = sum(audience == "mentor" for _, audience, _ in STEPS)
    assert everybody.count("data-row") > mentors.count("data-row") >= count
    assert browser.get("/proses/pemberitahuan?untuk=siapa").status_code == 200
