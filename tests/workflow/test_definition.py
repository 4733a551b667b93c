"""Stage files that somebody has spoiled: every fault has a name, or the process still walks."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.cli.process import faults_of, known_names
from workflow import definition, process_check, validation
from workflow.definition import Process
from workflow.errors import Problem
from workflow.guards import GUARDS

PROCESS = Path(str(files("workflow") / "process" / "2022"))
RAW = definition.raw_stages(PROCESS)
NAMES = known_names()
VALUES: tuple[object, ...] = (
    None,
    "",
    "nowhere",
    "draft",
    "system",
    "at_most",
    0,
    2,
    99,
    True,
    [],
    {},
    ["system"],
    ["draft"],
)
REMOVED = "(removed)"
Stages = dict[str, dict[str, Any]]
Way = tuple[str | int, ...]


def ways(node: object, here: Way = ()) -> Iterator[Way]:
    """The way to every part of the stage files."""
    if here:
        yield here
    pairs: Any = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in pairs:
        yield from ways(child, (*here, key))


WAYS = sorted(ways(RAW), key=str)


def at(node: Any, way: Way) -> Any:  # noqa: ANN401 - any part of a stage file
    for step in way:
        node = node[step]
    return node


@dataclass(frozen=True)
class Spoil:
    """One part of the shipped stages removed, replaced by a value, or by what stands elsewhere."""

    way: Way
    value: Any = REMOVED
    elsewhere: Way = ()

    def __call__(self, stages: Stages) -> None:
        try:
            parent = at(stages, self.way[:-1])
            if self.elsewhere:
                parent[self.way[-1]] = copy.deepcopy(at(RAW, self.elsewhere))
            elif self.value == REMOVED:
                del parent[self.way[-1]]
            else:
                parent[self.way[-1]] = copy.deepcopy(self.value)
        except (LookupError, TypeError):
            pass  # an earlier change has taken this part away


def spoils() -> st.SearchStrategy[list[Spoil]]:
    one = (
        st.builds(Spoil, st.sampled_from(WAYS))
        | st.builds(Spoil, st.sampled_from(WAYS), st.sampled_from(VALUES))
        | st.builds(Spoil, st.sampled_from(WAYS), elsewhere=st.sampled_from(WAYS))
    )
    return st.lists(one, min_size=1, max_size=3)


def faults(stages: Mapping[str, Any]) -> list[str]:
    """What `loncatan process check` would say of them."""
    structure = [
        Problem(f"{name}{problem.pointer}", problem.message)
        for name, raw in stages.items()
        if raw != RAW.get(name)  # the shipped ones hold
        for problem in validation.problems("process", raw)
    ]
    return process_check.check("2022", stages, NAMES, structure)


@given(spoils())
def test_a_spoiled_process_has_a_named_fault_or_walks(spoiling: list[Spoil]) -> None:
    stages = copy.deepcopy(RAW)
    for spoil in spoiling:
        spoil(stages)
    found = faults(stages)

    assert all(fault.strip() for fault in found)
    if not found:
        flow = definition.build("2022", stages)
        assert reachable(flow) == set(flow.states)
        assert [state for state in flow.states if not comes_to_rest(flow, state)] == []
        assert [t.name for t in flow.transitions for guard in t.guards if not callable_with(guard)] == []


def reachable(flow: Process) -> set[str]:
    reached, frontier = set[str](), [flow.first_state(stage.pipeline) for stage in flow.stages.values()]
    while frontier:
        if (state := frontier.pop()) not in reached:
            reached.add(state)
            frontier += [step.to for step in flow.leaving(state)]
    return reached


def comes_to_rest(flow: Process, state: str) -> bool:
    """Whether the system's own steps from here end in a state that people leave, or in an end."""
    frontier = {state}
    for _ in flow.states:
        frontier = {step.to for here in frontier for step in flow.automatic(here)}
    return not frontier and bool(flow.states[state].outcome or flow.leaving(state))


def callable_with(guard: definition.GuardCall) -> bool:
    signature(GUARDS[guard.name]).bind("attempt", **guard.arguments)
    return True


def self_running(stages: Stages) -> None:
    stages["replication"]["transitions"].append(
        {
            "name": "count",
            "event": "counted",
            "title": "Hitung",
            "title_en": "Count",
            "from": ["open"],
            "to": "open",
            "by": ["system"],
        }
    )


def with_guard(**guard: object) -> Callable[[Stages], None]:
    def change(stages: Stages) -> None:
        stages["pkp_proposal"]["transitions"][0]["guards"] = [guard]

    return change


def not_collected(stages: Stages) -> None:
    del next(t for t in stages["opd_pilot"]["transitions"] if t["name"] == "log_progress")["collect"]


def same_order(stages: Stages) -> None:
    stages["opd_pilot"]["order"] = 3


def unasked_reviewers(stages: Stages) -> None:
    stages["pkp_proposal"]["states"]["feasibility"]["review"]["quorum"] = 4


def blind_seminar(stages: Stages) -> None:
    stages["pkp_proposal"]["states"]["final_seminar"]["review"]["blind"] = True


def blind_in_public(stages: Stages) -> None:
    stages["opd_pilot"]["states"]["report_review"]["review"]["blind"] = True


def late_reminder(stages: Stages) -> None:
    stages["replication"]["states"]["open"]["due"]["remind"] = [60]


def seminar_without_rubric(stages: Stages) -> None:
    rule = {"title": "Seminar", "title_en": "Seminar", "minutes": 30}
    stages["pkp_proposal"]["states"]["revision"]["seminar"] = rule


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (self_running, "replication.open: langkah sistem berputar kembali ke sini tanpa henti"),
        (with_guard(name="in_cohort", form="milestone"), "guard in_cohort tidak mengenal parameter form"),
        (with_guard(name="ran_for", months=3), "guard ran_for memerlukan parameter since"),
        (
            with_guard(name="recorded", form="none_such"),
            "guard recorded menyebut formulir none_such yang tidak ada",
        ),
        (with_guard(name="recorded", form="decree", at_least=2), "guard recorded menunggu beberapa decree"),
        (
            with_guard(name="at_most", transition="fly", times=1),
            "guard at_most menyebut langkah fly yang tidak ada",
        ),
        (not_collected, "opd_pilot → log_progress: formulir milestone dikumpulkan langkah lain"),
        (same_order, "replication: urutan 3 sudah dipakai tahap lain"),
        (unasked_reviewers, "pkp_proposal.feasibility: kuorum 4 melebihi 3 penelaah"),
        (seminar_without_rubric, "/states/revision"),
        (blind_seminar, "pkp_proposal.final_seminar: blind pada seminar, yang dihadiri pengusulnya"),
        (blind_in_public, "opd_pilot.report_review: blind setelah inovasi tampil di registri publik"),
        (late_reminder, "replication.open: pengingat sebelum masa 60 hari kerja dimulai"),
        (dict.clear, "tidak ada tahap pada alur innovation"),
    ],
)
def test_a_process_that_would_go_astray_is_named(spoil: Callable[[Stages], None], fault: str) -> None:
    stages = copy.deepcopy(RAW)
    spoil(stages)

    assert [found for found in faults(stages) if fault in found]


def test_a_file_that_is_no_toml_is_named_and_not_tripped_over(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text("title = ")
    (tmp_path / "two.toml").write_bytes(b"title = '\xff'")

    assert [fault.partition(":")[0] for fault in faults_of(tmp_path, "2022")] == ["one.toml", "two.toml"]


@pytest.mark.parametrize(("year", "version"), [(2021, "2022"), (2022, "2022"), (2026, "2022")])
def test_a_case_follows_the_newest_process_that_is_not_from_the_future(year: int, version: str) -> None:
    assert definition.version_for(year) == version


def test_every_key_of_a_stage_file_arrives_where_it_is_read() -> None:
    raw = {
        "pipeline": "innovation",
        "order": 1,
        "title": "Seminar",
        "tahapan": "Inisiatif",
        "start": "judged",
        "states": {
            "judged": {
                "title": "Dinilai",
                "title_en": "Being judged",
                "proposer_title": "Menunggu nilai",
                "owner": "reviewer",
                "extend": {"by": ["coordinator"], "times": 2, "working_days": 5},
                "seminar": {"title": "Uji", "title_en": "Trial", "minutes": 20, "attendance": True},
                "review": {
                    "rubric": "design_seminar_review",
                    "reviewers": 3,
                    "quorum": 2,
                    "pass": 70,
                    "assign": ["organiser", "coordinator"],
                    "within_working_days": 10,
                    "outside": 1,
                    "closes": "quorum",
                    "others": "never",
                    "disagree": {"spread": 30, "opposed": ["proceed", "stop"]},
                },
            },
            "over": {"title": "Selesai", "outcome": "advanced"},
        },
        "transitions": [
            {
                "name": "pass",
                "event": "passed",
                "title": "Luluskan",
                "from": ["judged", "other.waiting"],
                "to": "over",
                "by": ["coordinator"],
                "guards": ["round_complete", {"name": "recorded", "form": "milestone", "at_least": 3}],
                "form": "milestone",
                "collect": True,
                "note": "required",
                "tone": "positive",
                "hold": True,
                "then": ["tell_origin"],
                "notify": {"proposer": "approved"},
            }
        ],
    }
    raw["answers"] = ["organiser"]
    process = definition.build("2022", {"seminar": raw})
    assert process.stages["seminar"].answers == ("organiser",)
    judged, over = process.states["seminar.judged"], process.states["seminar.over"]
    (step,) = process.transitions

    assert (judged.title("id"), judged.title("en")) == ("Dinilai", "Being judged")
    assert judged.proposer_title("en") == "Menunggu nilai"
    assert (over.title("en"), over.proposer_title, over.owner) == ("Selesai", over.title, "system")
    assert judged.due == definition.Due(10, remind=(3, 1))
    assert judged.extend == definition.Extend(("coordinator",), 2, 5)
    assert judged.seminar == definition.SeminarRule(definition.Text("Uji", "Trial"), 20, attendance=True)
    assert judged.review == definition.ReviewRule(
        "design_seminar_review",
        3,
        2,
        70,
        ("organiser", "coordinator"),
        closes="quorum",
        outside=1,
        spread=30,
        opposed=("proceed", "stop"),
        others="never",
    )
    assert step == definition.Transition(
        "pass",
        "seminar",
        "seminar.passed",
        definition.Text("Luluskan", "Luluskan"),
        ("seminar.judged", "other.waiting"),
        "seminar.over",
        frozenset({"coordinator"}),
        (
            definition.GuardCall("round_complete", {}),
            definition.GuardCall("recorded", {"form": "milestone", "at_least": 3}),
        ),
        "milestone",
        collect=True,
        note="required",
        tone="positive",
        then=("tell_origin",),
        notify={"proposer": "approved"},
        hold=True,
    )
