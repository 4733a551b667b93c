"""The drawing of a stage shows every state and every step, and no box covers another."""

import re

import pytest

from workflow.definition import Stage, process, versions
from workflow.drawing import draw
from workflow.layout import Layout

STAGES = [stage for version in versions() for stage in process(version).stages.values()]
each_stage = pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)


@each_stage
def test_every_state_has_a_place_of_its_own(stage: Stage) -> None:
    cells = Layout(stage).cells

    assert cells.keys() == stage.states.keys()
    assert len(set(cells.values())) == len(cells)
    assert cells[stage.start].column == cells[stage.start].row == 0


@each_stage
def test_every_step_is_a_line_or_a_letter(stage: Stage) -> None:
    drawn = re.findall(r"<title>(.*?)</title>", draw(stage, {}, "", "id"))

    steps = [
        step.title("id")
        for step in stage.transitions
        for origin in step.origins
        if step.to in stage.states and step.to != origin
    ]
    assert sorted(" · ".join(drawn).split(" · ")) == sorted(steps)


def test_one_sees_where_a_case_stands_and_how_many_stand_there() -> None:
    stage = process(versions()[-1]).stages["opd_pilot"]

    drawing = draw(stage, {"opd_pilot.running": 7}, "opd_pilot.running", "id")

    here = re.findall(r'<g aria-current="step">.*?</g>', drawing)
    assert len(here) == 1
    assert "Berjalan" in here[0]
    assert ">7</text>" in here[0]
