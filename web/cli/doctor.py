"""A look at everything the system stands on, each with a fix."""

import os
import smtplib
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import click
from sqlalchemy import func, select, text

from web.cli.base import json_option, opened, report, settings
from workers import clamd
from workers.app import make_app
from workflow import anchors, migrations
from workflow.anchors import WrongAnchors
from workflow.db import Database
from workflow.depot import StorageAway, depot_of
from workflow.models import Event
from workflow.settings import Settings, WrongSettings

TIMEOUT = 3
MOST_DRIFT = 5


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
    """Check settings, database, schema, clock, broker, SMTP, storage, anchors; status 1 if any is wrong."""
    findings = _settings() or _look()
    lines = [
        f"{'baik ' if f.ok else 'SALAH'}  {f.name:<10} {f.detail}{'  → ' + f.fix if f.fix else ''}"
        for f in findings
    ]
    report([vars(f) for f in findings], as_json, "\n".join(lines))
    if not all(f.ok for f in findings):
        raise SystemExit(1)


def _settings() -> list[Finding]:
    """What is wrong with the environment; with wrong settings nothing else can be looked at."""
    try:
        settings()
    except WrongSettings as fault:
        fix = "perbaiki variabel lingkungan ini; docs/operations.md menjelaskan semuanya"
        return [Finding("settings", ok=False, detail=text, fix=fix) for text in fault.faults]
    return []


def _look() -> list[Finding]:
    checks = (_database, _schema, _clock, _broker, _smtp, _storage, _scanner, _anchors)
    with opened() as (found, database, _now):
        return [
            Finding("settings", ok=True, detail="terbaca"),
            *(check(found, database) for check in checks),
        ]


def _clock(settings: Settings, database: Database) -> Finding:
    """The clock of this machine against the database server's, and against the newest event."""
    fix = "setel jam mesin ini dengan NTP (timedatectl set-ntp true)"
    try:
        with database.read() as session:
            server = None if database.sqlite else session.scalar(select(func.clock_timestamp()))
            newest = session.scalar(select(Event.at).order_by(Event.id.desc()).limit(1))
    except Exception as fault:  # noqa: BLE001
        return Finding("clock", ok=False, detail=type(fault).__name__, fix="perbaiki basis data lebih dahulu")
    now = datetime.now(UTC)
    drift = abs((now - server).total_seconds()) if server else 0.0
    if drift > MOST_DRIFT:
        return Finding("clock", ok=False, detail=f"berbeda {drift:.0f} detik dari basis data", fix=fix)
    if newest is not None and not settings.demo and (newest - now).total_seconds() > MOST_DRIFT:
        return Finding("clock", ok=False, detail=f"peristiwa terakhir di masa depan ({newest})", fix=fix)
    return Finding("clock", ok=True, detail="tepat")


def _anchors(settings: Settings, _database: Database) -> Finding:
    try:
        anchors.private_key(settings.signing_key)
        settings.anchors.mkdir(parents=True, exist_ok=True)
        if not os.access(settings.anchors, os.W_OK | os.X_OK):
            raise PermissionError(f"{settings.anchors} tidak dapat ditulis")
    except (OSError, WrongAnchors) as fault:
        return Finding(
            "anchors", ok=False, detail=str(fault), fix="periksa ANCHOR_FOLDER, ANCHOR_KEY dan hak tulisnya"
        )
    return Finding("anchors", ok=True, detail=str(settings.anchors))


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


def _scanner(settings: Settings, _database: Database) -> Finding:
    if not settings.clamd_url:
        return Finding("clamd", ok=True, detail="tidak dipakai")
    try:
        clamd.ping(settings.clamd_url, TIMEOUT)
    except clamd.Away as fault:
        fix = "periksa CLAMD_URL dan peladennya; berkas baru menunggu sampai ia menjawab"
        return Finding("clamd", ok=False, detail=str(fault), fix=fix)
    return Finding("clamd", ok=True, detail="menjawab")


def _storage(settings: Settings, _database: Database) -> Finding:
    try:
        depot_of(settings).probe()
    except (OSError, StorageAway) as fault:
        detail = fault.detail if isinstance(fault, StorageAway) else str(fault)
        return Finding("storage", ok=False, detail=detail, fix="periksa EVIDENCE_URL dan hak tulisnya")
    return Finding("storage", ok=True, detail="dapat ditulis")
