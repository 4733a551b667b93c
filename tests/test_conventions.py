"""Names that live in two places agree."""

from importlib.resources import files
from pathlib import Path

import pytest

from web.cli.process import faults_of, known_names
from workflow import account_mail, definition, validation
from workflow.notices import NOTICES
from workflow.phrases import ROLE_NAMES
from workflow.policy import CASE_ROLES
from workflow.samples import sample

LOST_STEP = """
[[transitions]]
name = "lost"
event = "was_lost"
title = "Hilang"
title_en = "Lost"
from = ["open"]
to = "open"
by = ["coordinator"]
tone = "neutral"
guards = ["no_such_guard"]
notify = { mentor = "no_such_mail" }
"""
PROCESS = Path(str(files("workflow") / "process"))


@pytest.mark.parametrize("version", definition.versions())
def test_the_shipped_process_has_no_fault(version: str) -> None:
    assert faults_of(PROCESS / version, version) == []


def test_a_broken_process_names_every_fault_at_once(tmp_path: Path) -> None:
    for file in (PROCESS / "2022").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    stage = tmp_path / "replication.toml"
    stage.write_text(stage.read_text().replace('to = "replicated"', 'to = "nowhere"') + LOST_STEP)

    faults = faults_of(tmp_path, "2022")

    text = "\n".join(faults)
    assert "replication.nowhere tidak ada" in text
    assert "guard no_such_guard tidak dikenal" in text
    assert "surel no_such_mail tidak punya templat" in text


def test_every_guard_form_rubric_and_mail_is_used() -> None:
    flow = definition.process(definition.versions()[-1])
    names = known_names()
    used_mails = {m for t in flow.transitions for m in t.notify.values()} | {
        m for n in NOTICES.values() for m in n.values()
    }

    assert {g.name for t in flow.transitions for g in t.guards} == set(names.guards)
    assert {t.form for t in flow.transitions if t.form} == names.forms
    assert {s.review.rubric for s in flow.states.values() if s.review} == names.rubrics
    assert used_mails | account_mail.KINDS == names.mails
    assert used_mails & account_mail.KINDS == set()


def test_every_role_has_a_name() -> None:
    assert set(CASE_ROLES) <= set(ROLE_NAMES)


@pytest.mark.parametrize("name", sorted(validation.names("forms") | validation.names("rubrics")))
def test_every_form_can_be_filled_in(name: str) -> None:
    assert validation.problems(name, sample(name)) == []


@pytest.mark.parametrize(
    "name", sorted(validation.names("forms") | validation.names("rubrics") | validation.names("api"))
)
def test_every_schema_is_valid_and_says_what_a_field_means(name: str) -> None:
    schema = validation.schema(name)
    validation.Validator.check_schema(schema)

    assert schema["title"]
