"""A look at everything the system stands on, each with a fix."""

import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import click
from sqlalchemy import text

from web.cli.base import json_option, opened, report
from workers.app import make_app
from workflow import migrations
from workflow.db import Database
from workflow.settings import Settings

TIMEOUT = 3


@dataclass(frozen=True)
class Finding:
    """One thing looked at: well, or what is wrong and what to do."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


@click.command()
@json_option
def doctor(as_json: bool) -> None:  # noqa: FBT001
    """Check settings, database, schema, broker, SMTP and storage; status 1 if anything is wrong."""
    with opened() as (found, database, _clock):
        checks: list[Callable[[Settings, Database], Finding]] = [
            _database,
            _schema,
            _broker,
            _smtp,
            _storage,
        ]
        findings = [
            Finding("settings", ok=True, detail="terbaca"),
            *(check(found, database) for check in checks),
        ]
    lines = [
        f"{'baik ' if f.ok else 'SALAH'}  {f.name:<10} {f.detail}{'  → ' + f.fix if f.fix else ''}"
        for f in findings
    ]
    report([vars(f) for f in findings], as_json, "\n".join(lines))
    if not all(f.ok for f in findings):
        raise SystemExit(1)


def _database(_settings: Settings, database: Database) -> Finding:
    try:
        with database.read() as session:
            session.execute(text("SELECT 1"))
    except Exception as fault:  # noqa: BLE001 - any fault is the finding
        return Finding(
            "database",
            ok=False,
            detail=type(fault).__name__,
            fix="periksa DATABASE_URL dan peladennya",
        )
    return Finding("database", ok=True, detail="menjawab")


def _schema(_settings: Settings, database: Database) -> Finding:
    try:
        present = migrations.present(database)
    except Exception as fault:  # noqa: BLE001
        return Finding(
            "schema",
            ok=False,
            detail=type(fault).__name__,
            fix="perbaiki basis data lebih dahulu",
        )
    if present != migrations.newest():
        return Finding("schema", ok=False, detail=f"versi {present}", fix="jalankan `loncatan migrate`")
    return Finding("schema", ok=True, detail=f"versi {present}")


def _broker(settings: Settings, _database: Database) -> Finding:
    if settings.embedded:
        return Finding("broker", ok=True, detail="di dalam proses")
    try:
        with make_app(settings).connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=TIMEOUT)
    except Exception as fault:  # noqa: BLE001
        return Finding("broker", ok=False, detail=type(fault).__name__, fix="periksa BROKER_URL dan Redis")
    return Finding("broker", ok=True, detail="menjawab")


def _smtp(settings: Settings, _database: Database) -> Finding:
    if not settings.smtp_url:
        return Finding(
            "smtp",
            ok=settings.demo,
            detail="belum diatur",
            fix="" if settings.demo else "isi SMTP_URL; surel menunggu",
        )
    target = urlsplit(settings.smtp_url)
    client = smtplib.SMTP_SSL if target.scheme == "smtps" else smtplib.SMTP
    try:
        with client(target.hostname or "", target.port or 25, timeout=TIMEOUT) as server:
            server.noop()
    except OSError as fault:
        return Finding("smtp", ok=False, detail=str(fault), fix="periksa SMTP_URL dan peladen surel")
    return Finding("smtp", ok=True, detail="menjawab")


def _storage(settings: Settings, _database: Database) -> Finding:
    try:
        settings.evidence.mkdir(parents=True, exist_ok=True)
        probe = settings.evidence / ".probe"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as fault:
        return Finding("storage", ok=False, detail=str(fault), fix="periksa EVIDENCE_URL dan hak tulisnya")
    return Finding("storage", ok=True, detail="dapat ditulis")
