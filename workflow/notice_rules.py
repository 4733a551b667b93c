"""Which mail goes to whom and when, read from the stage files: the rules as rows for a page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workflow import mail_groups
from workflow.definition import SYSTEM, Process, Stage, State
from workflow.notices import NOTICES

OF_TIME = ("deadline.reminded", "deadline.passed")
"""Facts that belong to the time of a state, and are told there."""


@dataclass(frozen=True)
class Rule:
    """A mail of `kind` to an `audience`.

    What causes it: a `step` by its name, a `fact` by its event, or the time of a `state`: `days` before
    its end, or its end where `days` is None. `optional` says whether people may switch it off; whose turn
    it becomes always gets it.
    """

    kind: str
    audience: str
    optional: bool
    stage: str = ""
    step: str = ""
    by_system: bool = False
    fact: str = ""
    state: str = ""
    days: int | None = None


def of_stage(flow: Process, stage: Stage) -> list[Rule]:
    """The rules of one stage: its steps, then the time of its states."""
    return [*_of_steps(flow, stage), *(rule for state in stage.states.values() for rule in _of_time(state))]


def of_event(flow: Process, name: str, data: Mapping[str, Any], kind: str) -> list[Rule]:
    """The rules by which an event owed a mail of this kind: one for each audience."""
    if name in OF_TIME:
        state = flow.states.get(str(data.get("state", "")))
        rules = list(_of_time(state)) if state else []
        days = data.get("days_left") if name == OF_TIME[0] else None
        return [rule for rule in rules if (rule.kind, rule.days) == (kind, days)]
    stage = flow.stages.get(name.partition(".")[0])
    if stage is None:
        return [rule for rule in of_every_stage() if (rule.fact, rule.kind) == (name, kind)]
    step = str(data.get("transition", ""))
    return [rule for rule in _of_steps(flow, stage) if (rule.step, rule.kind) == (step, kind)]


def of_kind(flow: Process, kind: str) -> list[Rule]:
    """Everything that sends a mail of this kind."""
    rules = [rule for stage in flow.stages.values() for rule in of_stage(flow, stage)]
    return [rule for rule in (*rules, *of_every_stage()) if rule.kind == kind]


def of_every_stage() -> list[Rule]:
    """What is told in any stage: facts that no stage file describes."""
    return [
        Rule(kind, audience, _optional(kind), fact=fact)
        for fact, notices in NOTICES.items()
        if fact not in OF_TIME
        for audience, kind in notices.items()
    ]


def _of_steps(flow: Process, stage: Stage) -> Iterator[Rule]:
    for step in stage.transitions:
        owner = flow.states[step.to].owner
        for audience, kind in step.notify.items():
            optional = _optional(kind) and not mail_groups.is_turn(audience, owner)
            yield Rule(kind, audience, optional, stage.name, step=step.name, by_system=step.by_system)


def _of_time(state: State) -> Iterator[Rule]:
    """A reminder for each day that the file names, and what happens when the time is over."""
    if state.due is None or state.owner == SYSTEM:
        return
    for days in state.due.remind:
        yield Rule("reminder", state.owner, optional=False, stage=state.stage, state=state.name, days=days)
    yield Rule("overdue", state.owner, optional=False, stage=state.stage, state=state.name)
    if state.due.escalate is not None:
        yield Rule("escalated", state.due.escalate, optional=False, stage=state.stage, state=state.name)


def _optional(kind: str) -> bool:
    return mail_groups.GROUP_OF[kind] in mail_groups.OPTIONAL
