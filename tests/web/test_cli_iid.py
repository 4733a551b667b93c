"""`loncatan iid score`: what it reports, and that a wrong file names all its faults."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from web.cli import main

GOLDEN: dict[str, Any] = {
    "year": 2026,
    "spd": 42,
    "yandas": 5,
    "entries": [{"levels": {"16": 3, "17": 3, "32": 3, "33": 3, "35": 3}}, *[{"maturity": 80}] * 4],
}


@pytest.fixture
def score(tmp_path: Path) -> Any:  # noqa: ANN401 - a function of one argument
    def run(document: object, *options: str) -> Result:
        file = tmp_path / "tahun.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
        return CliRunner().invoke(main, ["iid", "score", str(file), *options])

    return run


def test_a_regions_year_is_scored(score: Any) -> None:  # noqa: ANN401
    golden = GOLDEN | {"entries": [{"maturity": 80}] * 5}

    result = json.loads(score(golden, "--json").output)

    assert result["entries"] == [{"maturity": 80.0}] * 5
    assert (result["average"], result["count_score"]) == (33.33, 1.9)
    assert (result["iid"], result["category"]) == (30.89, "Kurang Inovatif")


def test_levels_count_by_the_numbers_of_the_catalogue(score: Any) -> None:  # noqa: ANN401
    assert json.loads(score(GOLDEN, "--json").output)["entries"][0] == {"maturity": 42.0}


def test_2022_says_that_it_uses_the_catalogue_of_2023(score: Any) -> None:  # noqa: ANN401
    document = GOLDEN | {"year": 2022, "entries": [{"levels": {"20": 3}}]}

    assert "IGA 2022 memakai katalog 2023." in score(document).output


def test_every_fault_of_the_file_is_named_at_once(score: Any) -> None:  # noqa: ANN401
    entries = [{"levels": {"1": 3, "17": 4}}, {"maturity": 180}, {}, {"maturity": 1, "levels": {}}, 7]

    result = score({"year": 2026, "spd": 64, "yandas": 9, "entries": entries, "x": 1})

    assert result.exit_code == 1
    assert {line.partition(": ")[0] for line in result.stderr.splitlines()} == {
        "/spd",
        "/yandas",
        "/x",
        "/entries/0/levels/1",
        "/entries/0/levels/17",
        "/entries/1/maturity",
        "/entries/2",
        "/entries/3",
        "/entries/4",
    }


@pytest.mark.parametrize("text", ["", "{", "[]", '{"year": NaN}', '{"year": 1, "year": 2}'])
def test_what_is_no_document_is_refused_in_words(score: Any, text: str) -> None:  # noqa: ANN401
    result = score(text)

    assert result.exit_code == 1
    assert result.stderr.startswith("/: ")
