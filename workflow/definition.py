"""The process as data: the stage files of a year as frozen objects."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from workflow.errors import DomainError

SYSTEM = "system"
BEGINNING = "innovation"
"""The pipeline in which every innovation begins."""

REVIEW_REMINDERS = (3, 1)


class WrongProcess(DomainError):
    """The stage files contradict themselves or name unknown things; names every fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        self.message = "Berkas tahapan keliru:\n" + "\n".join(f"  - {fault}" for fault in faults)


@dataclass(frozen=True)
class Due:
    """How long a state may last, and what is said before and after.

    Either `working_days` from entering it, or `months` after the day that the form field `since` names.
    `remind` counts working days before the end. With `resume`, coming back to the state gives only
    the days that were left: the clock stood still while the case was with somebody else.
    """

    working_days: int = 0
    months: int = 0
    since: str = ""
    remind: tuple[int, ...] = ()
    escalate: str | None = None
    resume: bool = False


@dataclass(frozen=True)
class Extend:
    """Who may extend the deadline of a state, how often in one stay, and by how many working days each time.

    The days count from the present end, or from today once it is over.
    """

    by: tuple[str, ...]
    times: int
    working_days: int


@dataclass(frozen=True)
class ReviewRule:
    """What a state's reviewers answer, how many are asked, how many suffice, and the score to pass.

    How long they have (`within_working_days` in the file) becomes the state's `due`. The round closes when
    `closes` says (everybody has answered, or the quorum has), and with a quorum when the time is over, but
    never without `outside` reviews from outside the case's agency. Reviews disagree when their scores lie
    more than `spread` apart or when both recommendations of `opposed` were given. `others` says when a
    reviewer may read the other reviews: at_once, after_own, never. In a `blind` round reviewers read a
    redacted copy and nothing else of the case.
    """

    rubric: str
    reviewers: int
    quorum: int
    pass_score: int
    assign: tuple[str, ...]
    closes: str = "everybody"
    outside: int = 0
    spread: int | None = None
    opposed: tuple[str, ...] = ()
    others: str = "after_own"
    blind: bool = False


@dataclass(frozen=True)
class SeminarRule:
    """Cases of a state are presented in seminars: under which name, how long, who came recorded or not."""

    title: "Text"
    minutes: int
    attendance: bool


@dataclass(frozen=True)
class Text:
    """A label in both languages."""

    id: str
    en: str

    def __call__(self, locale: str) -> str:
        return self.en if locale == "en" else self.id


@dataclass(frozen=True)
class State:
    """Where a case may stand. `name` is "stage.state", as stored.

    `levels` says what happens to the entry's indicators here: "named" by the agency or "verified" by Bappeda.
    """

    name: str
    title: Text
    proposer_title: Text
    owner: str
    due: Due | None
    review: ReviewRule | None
    outcome: str | None
    levels: str | None
    extend: Extend | None = None
    seminar: SeminarRule | None = None

    @property
    def stage(self) -> str:
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class GuardCall:
    """A guard's name with its arguments, e.g. recorded(form="milestone", at_least=3)."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Transition:
    """One permitted step. `origins` and `to` are full state names.

    A decision with `hold` may be kept back and released together with others.
    """

    name: str
    stage: str
    event: str
    title: Text
    origins: tuple[str, ...]
    to: str
    by: frozenset[str]
    guards: tuple[GuardCall, ...]
    form: str | None
    collect: bool
    note: str | None
    tone: str
    then: tuple[str, ...]
    notify: Mapping[str, str]
    hold: bool = False

    @property
    def by_system(self) -> bool:
        return SYSTEM in self.by


@dataclass(frozen=True)
class Certificate:
    """What an innovation of a stage or a later one may be given; `text` goes on after the agency's name."""

    title: str
    text: str


@dataclass(frozen=True)
class Stage:
    """A section of the process: one file. A `scored` stage is an entry for the index of a year.

    `answers` are the roles whose offices answer a reply to its mails, the first one that somebody holds.
    """

    name: str
    pipeline: str
    order: int
    title: Text
    tahapan: str
    start: str
    scored: bool
    archive: str | None
    certificate: Certificate | None
    states: Mapping[str, State]
    transitions: tuple[Transition, ...]
    answers: tuple[str, ...] = ("coordinator",)


@dataclass(frozen=True)
class Process:
    """All stages of one year's version, in order."""

    version: str
    stages: Mapping[str, Stage]

    @cached_property
    def states(self) -> Mapping[str, State]:
        return {name: state for stage in self.stages.values() for name, state in stage.states.items()}

    @cached_property
    def transitions(self) -> tuple[Transition, ...]:
        return tuple(t for stage in self.stages.values() for t in stage.transitions)

    @cached_property
    def _from(self) -> Mapping[str, tuple[Transition, ...]]:
        return {s: tuple(t for t in self.transitions if s in t.origins) for s in self.states}

    @cached_property
    def _named(self) -> Mapping[tuple[str, str], Transition]:
        return {(t.stage, t.name): t for t in self.transitions}

    def leaving(self, state: str) -> tuple[Transition, ...]:
        """The steps that lead on from a state, in the order of the file."""
        return self._from.get(state, ())

    def automatic(self, state: str) -> tuple[Transition, ...]:
        return tuple(t for t in self.leaving(state) if t.by_system)

    def transition(self, stage: str, name: str) -> Transition | None:
        return self._named.get((stage, name))

    def blind_states(self) -> frozenset[str]:
        """The states whose reviewers read a redacted copy."""
        return frozenset(s.name for s in self.states.values() if s.review and s.review.blind)

    def before_blind(self) -> frozenset[str]:
        """Those states and all from which a case may come to one."""
        found: frozenset[str] = frozenset()
        reached = self.blind_states()
        while reached - found:
            found |= reached
            reached = frozenset(o for t in self.transitions if t.to in found for o in t.origins)
        return found

    def pipeline(self, name: str) -> list[Stage]:
        return sorted((s for s in self.stages.values() if s.pipeline == name), key=lambda s: s.order)

    def archive_state(self, tahapan: str) -> str:
        """Where an innovation enters that an old registry reports in this tahapan of the ministry."""
        return next(
            stage.archive
            for stage in self.pipeline("innovation")
            if stage.archive is not None and stage.tahapan == tahapan
        )

    def state_with(self, outcome: str) -> str:
        """The first state of an innovation that ends with an outcome."""
        states = (state for stage in self.pipeline(BEGINNING) for state in stage.states.values())
        return next(state.name for state in states if state.outcome == outcome)

    def first_state(self, pipeline: str) -> str:
        return self.pipeline(pipeline)[0].start


# --- reading -----------------------------------------------------------------------------------


def versions() -> list[str]:
    """The years for which a process is shipped, oldest first."""
    folder = files("workflow") / "process"
    return sorted(entry.name for entry in folder.iterdir() if entry.name.isdigit())


@cache
def every_stage() -> Mapping[str, Stage]:
    """The stages of all years by name; where years differ, the latest one's."""
    return {name: stage for version in versions() for name, stage in process(version).stages.items()}


@cache
def every_state() -> Mapping[str, State]:
    """The states of all years by name; where years differ, the latest one's."""
    return {name: state for version in versions() for name, state in process(version).states.items()}


def version_for(year: int) -> str:
    """The process a case begun in `year` follows: the newest that is not from the future."""
    fitting = [v for v in versions() if int(v) <= year]
    return fitting[-1] if fitting else versions()[0]


@cache
def process(version: str) -> Process:
    """The shipped process of a year. Its files are checked by `loncatan process check` and the tests."""
    return read(version, files("workflow") / "process" / version)


def read(version: str, folder: Traversable) -> Process:
    """Read a folder of stage files."""
    return build(version, raw_stages(folder))


def build(version: str, parsed: Mapping[str, dict[str, Any]]) -> Process:
    """The process that parsed stage files describe, by stage name."""
    stages = [_stage(name, raw) for name, raw in parsed.items()]
    return Process(version, {s.name: s for s in sorted(stages, key=lambda s: (s.pipeline, s.order))})


def raw_stages(folder: Traversable) -> dict[str, dict[str, Any]]:
    """The parsed files, by stage name. Raises WrongProcess naming every file that is not TOML."""
    parsed, faults = {}, []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            try:
                parsed[entry.name.removesuffix(".toml")] = tomllib.loads(entry.read_text("utf-8"))
            except ValueError as fault:  # not TOML, or not UTF-8
                faults.append(f"{entry.name}: {fault}")
    if faults:
        raise WrongProcess(faults)
    return parsed


def _stage(name: str, raw: dict[str, Any]) -> Stage:
    states = {f"{name}.{key}": _state(f"{name}.{key}", value) for key, value in raw["states"].items()}
    return Stage(
        name=name,
        pipeline=raw["pipeline"],
        order=raw["order"],
        title=_text(raw, "title"),
        tahapan=raw["tahapan"],
        start=f"{name}.{raw['start']}",
        scored=raw.get("scored", False),
        archive=_full(name, raw["archive"]) if "archive" in raw else None,
        certificate=Certificate(**raw["certificate"]) if "certificate" in raw else None,
        states=states,
        transitions=tuple(_transition(name, t) for t in raw.get("transitions", [])),
        answers=tuple(raw.get("answers", ("coordinator",))),
    )


def _state(name: str, raw: dict[str, Any]) -> State:
    title = _text(raw, "title")
    return State(
        name=name,
        title=title,
        proposer_title=_text(raw, "proposer_title") if "proposer_title" in raw else title,
        owner=raw.get("owner", SYSTEM),
        due=_due(raw["due"]) if "due" in raw else _review_due(raw.get("review")),
        review=_review(raw["review"]) if "review" in raw else None,
        outcome=raw.get("outcome"),
        levels=raw.get("levels"),
        extend=_extend(raw["extend"]) if "extend" in raw else None,
        seminar=_seminar(raw["seminar"]) if "seminar" in raw else None,
    )


def _seminar(raw: dict[str, Any]) -> SeminarRule:
    return SeminarRule(_text(raw, "title"), raw["minutes"], raw.get("attendance", False))


def _extend(raw: dict[str, Any]) -> Extend:
    return Extend(tuple(raw["by"]), raw["times"], raw["working_days"])


def _due(raw: dict[str, Any]) -> Due:
    return Due(
        working_days=raw.get("working_days", 0),
        months=raw.get("months", 0),
        since=raw.get("since", ""),
        remind=tuple(raw.get("remind", ())),
        escalate=raw.get("escalate"),
        resume=raw.get("resume", False),
    )


def _review_due(raw: dict[str, Any] | None) -> Due | None:
    """A review is due when its time is over; reviewers are reminded.

    Nothing is escalated: with a quorum the round closes, without one it is handed to those who assign.
    """
    return None if raw is None else Due(raw["within_working_days"], remind=REVIEW_REMINDERS)


def _review(raw: dict[str, Any]) -> ReviewRule:
    return ReviewRule(
        rubric=raw["rubric"],
        reviewers=raw["reviewers"],
        quorum=raw["quorum"],
        pass_score=raw["pass"],
        assign=tuple(raw["assign"]),
        closes=raw.get("closes", "everybody"),
        outside=raw.get("outside", 0),
        spread=raw.get("disagree", {}).get("spread"),
        opposed=tuple(raw.get("disagree", {}).get("opposed", ())),
        others=raw.get("others", "after_own"),
        blind=raw.get("blind", False),
    )


def _transition(stage: str, raw: dict[str, Any]) -> Transition:
    return Transition(
        name=raw["name"],
        stage=stage,
        event=f"{stage}.{raw['event']}",
        title=_text(raw, "title"),
        origins=tuple(_full(stage, origin) for origin in raw["from"]),
        to=_full(stage, raw["to"]),
        by=frozenset(raw["by"]),
        guards=tuple(_guard(g) for g in raw.get("guards", ())),
        form=raw.get("form"),
        collect=raw.get("collect", False),
        note=raw.get("note"),
        tone=raw.get("tone", "neutral"),
        then=tuple(raw.get("then", ())),
        notify=raw.get("notify", {}),
        hold=raw.get("hold", False),
    )


def _guard(raw: str | dict[str, Any]) -> GuardCall:
    if isinstance(raw, str):
        return GuardCall(raw, {})
    return GuardCall(raw["name"], {key: value for key, value in raw.items() if key != "name"})


def _full(stage: str, state: str) -> str:
    return state if "." in state else f"{stage}.{state}"


def _text(raw: dict[str, Any], key: str) -> Text:
    return Text(raw[key], raw.get(f"{key}_en", raw[key]))
