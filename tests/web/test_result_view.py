"""Figures before and after, told without blame; milestones with their evidence."""

import pytest

from tests.conftest import MovableClock
from web import create_app
from web.result_view import measures, milestones, number
from workflow.db import Database
from workflow.models import Case, Evidence
from workflow.settings import Settings


@pytest.mark.parametrize(
    ("target", "result", "verdict"),
    [
        (20, 18, "Target tercapai"),
        (20, 30, "Bergerak menuju target"),
        (20, 40, "Belum bergerak menuju target"),
        (50, 60, "Target tercapai"),
        (50, 40, "Bergerak menuju target"),
    ],
)
def test_a_figure_that_should_fall_is_judged_by_its_direction(
    settings: Settings, database: Database, clock: MovableClock, target: int, result: int, verdict: str
) -> None:
    indicator = {"name": "Lama proses", "unit": "hari", "baseline": 34, "target": target, "result": result}
    case = Case(forms={"pilot_report": {"indicators": [indicator | {"source": "Buku register"}]}})

    with create_app(settings, database, clock).test_request_context("/"):
        (found,) = measures(case)

    assert found.verdict is not None
    assert found.verdict[0] == verdict
    assert [(row["label"], row["value"]) for row in found.rows] == [
        ("Sebelum", 34),
        ("Target", target),
        ("Sesudah", result),
    ]


def test_an_adoption_shows_each_indicator_over_its_months(
    settings: Settings, database: Database, clock: MovableClock
) -> None:
    def result(value: float) -> dict[str, object]:
        one = {"name": "Lama proses", "unit": "hari", "baseline": 31, "result": value, "source": "Buku"}
        return {"indicators": [one]}

    case = Case(forms={"adoption_result": [result(24), result(19.5)]})
    with create_app(settings, database, clock).test_request_context("/"):
        (found,) = measures(case)

    assert [(row["label"], row["text"]) for row in found.rows] == [
        ("Sebelum", "31"),
        ("3 bulan", "24"),
        ("6 bulan", "19,5"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [(1239, "1.239"), (6.25, "6,25"), (100, "100"), (-3.5, "-3,5"), (0, "0"), (-0.25, "-0,25")],
)
def test_numbers_are_written_as_here(value: float, text: str) -> None:
    assert number(value) == text


def test_a_milestone_counts_its_own_files() -> None:
    log = [
        {"activity": "Sosialisasi", "done_on": "2022-10-03"},
        {"activity": "Pelatihan", "done_on": "2022-10-10"},
    ]
    proofs = [Evidence(field="milestone.1"), Evidence(field="milestone.1"), Evidence(field="decree")]

    found = milestones(Case(forms={"milestone": log}), proofs)

    assert [(m["activity"], m["files"]) for m in found] == [("Pelatihan", 0), ("Sosialisasi", 2)]
