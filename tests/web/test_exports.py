"""Packages through the API and from the command line."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.innovations import in_use
from tests.web.conftest import Call, SignIn
from web.cli import main
from workflow import commands, validation
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case
from workflow.settings import Settings

COVER = {"title": "SIPESTA bagi warga", "category": "digital", "agency": "puskesmas-tanon-1"}


@pytest.fixture
def proposal(database: Database, as_: Callable[[Session, str], Actor]) -> str:
    with database.write() as session:
        return commands.start(session, as_(session, "ani"), COVER).number


@pytest.fixture
def entry(database: Database, proposal: str) -> str:
    with database.write() as session:
        session.scalars(select(Case)).one().state = "competition.completing_evidence"
    return proposal


def test_a_package_is_ordered_once_watched_and_fetched(
    call: Call, entry: str, run_workers: Callable[[], None]
) -> None:
    key = {"Idempotency-Key": "satu"}
    ordered = call("ani", "post", "/exports", key, json={"proposal": entry})
    again = call("ani", "post", "/exports", key, json={"proposal": entry})
    address = ordered.headers["Location"].removeprefix("/api/v1")
    waiting = call("ani", "get", f"{address}/file")
    run_workers()
    found = call("ani", "get", address).json
    file = call("ani", "get", f"{address}/file")
    body = file.data
    file.close()

    assert (ordered.status_code, ordered.json["state"]) == (202, "building")  # type: ignore[index]
    assert again.json == ordered.json
    assert waiting.status_code == 404
    assert validation.problems("export", found) == []
    assert found is not None
    assert (found["state"], found["proposal"]) == ("done", entry)
    assert hashlib.sha256(body).hexdigest() == found["file"]["sha256"]
    assert call("ani", "post", f"{address}/cancel").status_code == 409
    assert call("lain", "get", address).status_code == 404


@pytest.mark.parametrize(
    ("who", "body", "status"),
    [
        ("ani", {"year": 2023}, 403),
        ("endah", {"year": 2023}, 409),
        ("endah", {"year": 2023, "proposal": "INV-2022-0001"}, 422),
        ("ani", {"proposal": "INV-2022-0001"}, 409),
        ("ani", {"proposal": "INV-2022-9999"}, 404),
    ],
)
def test_what_cannot_be_packed_is_refused(
    call: Call, proposal: str, who: str, body: dict[str, object], status: int
) -> None:
    assert proposal == "INV-2022-0001"
    assert call(who, "post", "/exports", json=body).status_code == status


def test_the_command_line_packs_an_entry(
    database: Database, settings: Settings, entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    target = tmp_path / "paket.zip"

    result = CliRunner().invoke(main, ["export", entry, "-o", str(target), "--json"])
    neither = CliRunner().invoke(main, ["export"])
    unknown = CliRunner().invoke(main, ["export", "INV-2022-9999"])

    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["file"]["sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert "manifest.json" in zipfile.ZipFile(target).namelist()
    assert (neither.exit_code, unknown.exit_code) == (1, 1)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_registry_leaves_for_si_risma_with_its_keepers_alone(
    sign_in: SignIn, call: Call, database: Database, as_: Callable[[Session, str], Actor]
) -> None:
    with database.write() as session:
        number = in_use(session, as_(session, "endah"))
    table = sign_in("endah").get("/ekspor/si-risma.csv")
    assert table.data.decode("utf-8-sig").startswith("Judul;Jenis;")
    assert number in table.text
    told = call("haryo", "get", "/registry/si-risma").get_json()
    assert [row["nomor"] for row in told["items"]] == [number]
    again = call("haryo", "get", f"/registry/si-risma?after={told['next_after']}").get_json()
    assert again == {"items": [], "next_after": told["next_after"]}
    assert sign_in("ani").get("/ekspor/si-risma.json").status_code == 403
    assert call("ani", "get", "/registry/si-risma").status_code == 403
