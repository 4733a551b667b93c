"""What an operator looks at: readiness, meters, logs without personal data, jobs and the chain."""

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests.conftest import MONDAY, MovableClock
from web import create_app
from workers import jobs, keeping
from workers.office import Office
from workflow import commands
from workflow.db import Database
from workflow.ledger import Actor
from workflow.logs import clean, configure_logging
from workflow.models import Email, Job, User
from workflow.samples import sample
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
COVER = {"title": "SIAGA POSYANDU", "category": "digital", "agency": "puskesmas-tanon-1"}
ENDINGS = {"histogram": ("_bucket", "_count", "_sum")}
DOCS = Path(__file__).parent.parent.parent / "docs"
OPERATIONS = DOCS / "operations.md"
NIP, NAME = "198503122010012017", "Sulistyowati Wulandari"


def begin(database: Database, as_: As) -> str:
    with database.write() as session:
        case = commands.start(session, as_(session, "ani"), COVER)
        form = sample("innovation_proposal")
        return commands.advance(session, as_(session, "ani"), case.number, "propose", form=form).number


def signed_in(settings: Settings, database: Database, clock: MovableClock, name: str) -> FlaskClient:
    client = create_app(replace(settings, demo=True), database, clock).test_client()
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', client.get("/proses").text))
    client.post("/demo/masuk", data={"email": f"{name}@contoh.invalid", **hidden})
    return client


def figures(client: FlaskClient) -> dict[str, float]:
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        ".".join([s.name, *(f"{v}" for _k, v in sorted(s.labels.items()))]): s.value
        for family in families
        for s in family.samples
    }


def test_it_is_ready_although_broker_and_mail_are_away(
    settings: Settings, database: Database, clock: MovableClock, as_: As
) -> None:
    def away() -> dict[str, int]:
        raise ConnectionRefusedError

    begin(database, as_)
    clock.tick(seconds=90)

    answer = create_app(settings, database, clock, away).test_client().get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {
        "status": "ready",
        "checks": {
            "database": "ok",
            "schema": "ok",
            "storage": "ok",
            "broker": "ConnectionRefusedError",
            "smtp": "not set",
            "oldest_waiting_seconds": 90.0,
        },
    }


@pytest.mark.parametrize(
    ("statement", "check", "told"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "schema", "outdated"),
        ("ALTER TABLE jobs RENAME TO gone", "database", "OperationalError|ProgrammingError"),
    ],
)
def test_it_is_not_ready_without_its_tables(
    app: Flask, database: Database, statement: str, check: str, told: str
) -> None:
    with database.write() as session:
        session.execute(text(statement))

    answer = app.test_client().get("/readyz")

    assert answer.status_code == 503
    assert answer.json is not None
    assert re.fullmatch(told, answer.json["checks"][check])


def test_the_meters_count_rows_requests_and_handlers(
    settings: Settings, database: Database, clock: MovableClock, as_: As
) -> None:
    app = create_app(settings, database, clock, lambda: {"mail": 7})
    app.testing = True
    client = app.test_client()
    office = Office(replace(settings, smtp_url="smtp://127.0.0.1:1"), database, clock)
    begin(database, as_)
    with database.read() as session:
        job_id = session.scalars(select(Job.id).where(Job.handler == "notify")).one()
    jobs.run_job(office, job_id)
    with database.read() as session:
        email_id = session.scalars(select(Email.id).limit(1)).one()
    before = figures(client)
    jobs.deliver(office, email_id)
    client.get("/usulan/INV-2022-0001")
    after = figures(client)

    assert after["loncatan_queue_messages.mail"] == 7
    assert (after["loncatan_events_total"], after["loncatan_jobs_done"]) == (2, 1)
    assert after["loncatan_email_tries_failed_total"] - before["loncatan_email_tries_failed_total"] == 1
    seen = "loncatan_request_seconds_count.GET./usulan/<number>.302"
    assert after[seen] - before.get(seen, 0) == 1
    assert [name for name in after if "INV-" in name] == []
    assert any(name.startswith("loncatan_handler_seconds_count.mail:") for name in after)


def test_every_meter_of_dashboard_and_alerts_exists(app: Flask, database: Database, as_: As) -> None:
    begin(database, as_)
    app.test_client().get("/")
    shown = app.test_client().get("/metrics").text
    types = dict(re.findall(r"^# TYPE (loncatan_\w+) (\w+)", shown, re.MULTILINE))
    known = {name + ending for name, kind in types.items() for ending in ENDINGS.get(kind, ("",))}
    texts = {file.name: file.read_text() for file in (DOCS / "operations").iterdir()}

    used = {name: set(re.findall(r"\bloncatan_\w+", content)) for name, content in texts.items()}

    assert set(used) == {"alerts.yml", "dashboard.json"}
    assert all(used.values())
    assert {name: meters - known for name, meters in used.items() if meters - known} == {}


OBSERVE = "from workers.meters import timed\nwith timed('try'): pass\n"
SHOW = "from workflow import meters; print(meters.exposition().decode())"


def run(code: str, folder: Path, shared: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(DOCS.parent), "PROMETHEUS_MULTIPROC_DIR": shared}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def test_processes_of_one_machine_share_their_meters(tmp_path: Path) -> None:
    shared = str(tmp_path / "meters")
    for _process in range(2):
        run(OBSERVE, tmp_path, shared)

    assert 'loncatan_handler_seconds_count{handler="try",outcome="failed"} 2.0' in run(SHOW, tmp_path, shared)


def test_meters_that_are_not_shared_leave_no_file(tmp_path: Path) -> None:
    run(OBSERVE, tmp_path, "")

    assert list(tmp_path.iterdir()) == []


def test_the_documented_settings_are_those_that_are_read() -> None:
    row = r"^\| `([A-Z_]+)` \| (.*?) \|(?: `(.*)`)? \|$"
    rows = re.findall(row, OPERATIONS.read_text(), re.MULTILINE)
    told = {name: (doc, default) for name, doc, default in rows}
    defaults = Settings().environment()

    assert told == {name: (doc, defaults[name]) for name, doc in Settings.variables().items()}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("550 <sri.wahyuni@sragenkab.go.id> unknown", "550 <‹surel›> unknown"),
        ("NIP 19850312 201001 2 017", "NIP ‹nip›"),
        (f"NIP {NIP}.", "NIP ‹nip›."),
        (f"null value\nDETAIL:  Failing row contains (1, {NAME}).", "null value\n"),
        ("case 17, event 123456789", "case 17, event 123456789"),
    ],
)
def test_a_log_line_loses_what_could_be_somebody_s(written: str, kept: str) -> None:
    assert clean(written) == kept


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Call it for the entries so far; afterwards logs are as they were."""
    kept = logging.getLogger().handlers[:], logging.getLogger().level
    yield lambda: [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.getLogger().handlers[:], logging.getLogger().level = kept


def test_nothing_personal_gets_into_the_logs(
    settings: Settings,
    database: Database,
    clock: MovableClock,
    as_: As,
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    configure_logging("DEBUG")
    office = Office(replace(settings, smtp_url="smtp://127.0.0.1:1"), database, clock)
    with database.write() as session:
        session.execute(
            update(User).where(User.email == "ani@contoh.invalid").values(name=NAME, nip_sealed=NIP)
        )
    number = begin(database, as_)
    with database.read() as session:
        job_ids = list(session.scalars(select(Job.id)))
    for job_id in job_ids:
        jobs.run_job(office, job_id)
    keeping.anchor(office)
    with pytest.raises(IntegrityError) as twice, database.write() as session:
        session.add(
            User(email="ani@contoh.invalid", name=NAME, nip_sealed=NIP, fs_uniquifier="x", created_at=MONDAY)
        )
    app = create_app(replace(settings, broker_url="redis://127.0.0.1:1/0"), database, clock)
    app.add_url_rule("/rusak/<number>", view_func=lambda number: f"{number}{1 / 0}")
    app.test_client().get(f"/rusak/{number}?nama={NAME}&surel=ani@contoh.invalid&nip={NIP}")
    app.logger.error("stored nothing: %s", twice.value)
    app.logger.error("refused", exc_info=twice.value)

    lines = logged()
    told = json.dumps(lines, ensure_ascii=False)
    assert any(line.get("case") == number and line["event"] == "request" for line in lines)
    assert "stored nothing" in told
    assert "ZeroDivisionError" in told
    assert [word for word in ("contoh.invalid", NIP, NAME) if word in told] == []


def test_the_page_of_the_chain_tells_its_state(
    settings: Settings, database: Database, clock: MovableClock, as_: As
) -> None:
    office = Office(settings, database, clock)
    begin(database, as_)
    keeping.anchor(office)
    keeping.verify(office)
    auditor = signed_in(settings, database, clock, "haryo")
    intact = auditor.get("/audit").text
    clock.tick(days=1)
    with database.write() as session:
        session.execute(text("UPDATE events SET role = 'mentor' WHERE id = 1"))
        session.execute(text("UPDATE verifications SET started_at = '2022-09-01 00:00:00+00:00'"))
    keeping.verify(office)
    broken = auditor.get("/audit").text

    assert "Rantai utuh" in intact
    assert "12 September 2022" in intact
    assert "Rantai putus pada peristiwa 1" in broken


def test_who_does_not_vouch_for_the_record_does_not_see_its_state(
    settings: Settings, database: Database, clock: MovableClock
) -> None:
    assert signed_in(settings, database, clock, "ani").get("/audit").status_code == 403


def test_the_page_of_a_mail_tells_every_try(
    settings: Settings, database: Database, clock: MovableClock, as_: As
) -> None:
    office = Office(replace(settings, smtp_url="smtp://127.0.0.1:1"), database, clock)
    begin(database, as_)
    with database.read() as session:
        job_id = session.scalars(select(Job.id).where(Job.handler == "notify")).one()
    jobs.run_job(office, job_id)
    with database.read() as session:
        email_id = session.scalars(select(Email.id).limit(1)).one()
    for _turn in range(3):
        jobs.deliver(office, email_id)
        clock.tick(hours=1)
    operator = signed_in(settings, database, clock, "dimas")

    page = operator.get(f"/pengiriman/email/{email_id}").text

    assert page.count("Gagal menyambung") == 3
    assert f"/pengiriman/email/{email_id}" in operator.get("/pengiriman?usulan=INV-2022-0001").text
    assert f"/pengiriman/email/{email_id}" not in operator.get("/pengiriman?usulan=INV-2022-0002").text
    assert operator.get("/pengiriman/email/999999").status_code == 404
