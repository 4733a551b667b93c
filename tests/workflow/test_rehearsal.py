"""What a changed process would do to living cases, said before it is applied."""

import json
import shutil
from collections.abc import Callable
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import ask, in_review, judge
from web.cli import main
from workflow import commands, definition
from workflow.db import Database
from workflow.ledger import Actor
from workflow.rehearsal import Finding, rehearse

As = Callable[[Session, str], Actor]
Raw = dict[str, dict[str, Any]]
FOLDER = files("workflow") / "process" / "2022"


def findings(database: Database, clock: MovableClock, change: Callable[[Raw], None]) -> list[Finding]:
    raw = deepcopy(definition.raw_stages(FOLDER))
    change(raw)
    with database.read() as session:
        changed = definition.build("2022", raw)
        return [finding for of_one in rehearse(session, changed, clock()) for finding in of_one]


def of(raw: Raw, state: str) -> dict[str, Any]:
    stage, _, name = state.partition(".")
    return raw[stage]["states"][name]  # type: ignore[no-any-return]


def test_an_unchanged_process_changes_nothing(database: Database, as_: As, clock: MovableClock) -> None:
    in_review(database, as_)
    assert findings(database, clock, lambda _raw: None) == []


def test_each_change_is_found_at_the_case_it_meets(database: Database, as_: As, clock: MovableClock) -> None:
    number = in_review(database, as_)
    with database.read() as session:
        ends = commands.find(session, as_(session, "endah"), number).due_at

    def shorter(raw: Raw) -> None:
        of(raw, "pkp_proposal.design_seminar")["review"]["within_working_days"] = 5

    def other_owner(raw: Raw) -> None:
        of(raw, "pkp_proposal.design_seminar")["owner"] = "coach"

    def removed(raw: Raw) -> None:
        del raw["pkp_proposal"]["states"]["design_seminar"]

    def without_return(raw: Raw) -> None:
        steps = raw["pkp_proposal"]["transitions"]
        raw["pkp_proposal"]["transitions"] = [s for s in steps if s["name"] != "call_revision"]

    (deadline,) = findings(database, clock, shorter)
    stuck, owner = findings(database, clock, other_owner)
    (gone,) = findings(database, clock, removed)
    (steps,) = findings(database, clock, without_return)

    assert ends is not None
    assert (deadline.kind, deadline.number) == ("deadline", number)
    assert deadline.before != deadline.after
    assert (stuck.kind, stuck.after) == ("stuck", "tidak ada orang sebagai coach")
    assert (owner.kind, owner.before, owner.after) == ("owner", "penelaah", "coach")
    assert (gone.kind, gone.after) == ("stuck", "status ini tidak ada lagi")
    assert (steps.kind, steps.after) == ("steps", "baru: –")
    with database.read() as session:
        assert commands.find(session, as_(session, "endah"), number).due_at == ends


def test_what_would_move_by_itself_is_found_with_its_mails(
    database: Database, as_: As, clock: MovableClock, run_workers: Callable[[], None]
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri", "tono")
    judge(database, as_, number, "rudi")
    judge(database, as_, number, "sri")
    run_workers()

    def closes_early(raw: Raw) -> None:
        of(raw, "pkp_proposal.design_seminar")["review"]["closes"] = "quorum"

    (found,) = findings(database, clock, closes_early)
    assert (found.number, found.kind, found.after) == (number, "moved", "Implementasi (off campus)")
    run_workers()
    with database.read() as session:
        assert commands.find(session, as_(session, "endah"), number).state == found.state

    def notified(raw: Raw) -> None:
        closes_early(raw)
        step = next(s for s in raw["pkp_proposal"]["transitions"] if s["to"] == "implementation")
        step["notify"] = {"mentor": "stage_opened", "organiser": "stage_opened"}

    assert findings(database, clock, notified)[0].mails == 2


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The command on a database of its own, with a copy of the stage files."""
    shutil.copytree(str(FOLDER), tmp_path / "2022")
    monkeypatch.setenv("VAR", str(tmp_path / "var"))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'loncatan.db'}")
    runner = CliRunner()
    assert runner.invoke(main, ["migrate"]).exit_code == 0
    return lambda *options: runner.invoke(main, ["process", "rehearse", str(tmp_path / "2022"), *options])


def test_the_command_reports_and_refuses_faulty_files(run: Callable[..., Any], tmp_path: Path) -> None:
    clean = run("--json")
    assert clean.exit_code == 0
    assert json.loads(clean.output) == {"version": "2022", "cases": 0, "counts": {}, "findings": []}
    assert run("--version", "1999").exit_code == 2

    file = tmp_path / "2022" / "opd_pilot.toml"
    file.write_text(file.read_text().replace('owner = "agency_head"', 'owner = "nobody"', 1))
    faulty = run()
    assert faulty.exit_code == 1
    assert faulty.output.startswith("opd_pilot/states/awaiting_decree/owner: ")
