"""Starting the embedded profile, and bringing the database up to date."""

import os
import signal
import sys
from dataclasses import replace
from types import FrameType

import click
from waitress.server import create_server

from web import assets_built, create_app
from web.cli.base import opened, settings
from workers.drain import Drain
from workers.embedded import EmbeddedWorkers
from workers.mailbox import Mailbox
from workers.probe import Depths
from workers.samples import mail_desks
from workflow import migrations
from workflow.db import Database
from workflow.demo import load
from workflow.demo.clock import clock_for
from workflow.evidence_store import EvidenceStore
from workflow.logs import configure_logging
from workflow.models import Fact
from workflow.reference.load import load_agencies
from workflow.search import index
from workflow.settings import Settings

THREADS = 8


def prepare(database: Database) -> None:
    """Tables, reference data, and the search index of an installation from before there was one."""
    migrations.upgrade(database)
    with database.write() as session:
        load_agencies(session)
    index.complete(database)


@click.command()
def migrate() -> None:
    """Bring tables and reference data up to date."""
    with opened() as (_settings, database, _clock):
        prepare(database)
    click.echo("Basis data mutakhir.")


@click.command()
def up() -> None:
    """Run the embedded profile: web, workers, beat and relay in one process. Ctrl-C ends it."""
    found = settings()
    configure_logging(found.log_level)
    if not found.embedded:
        raise click.UsageError("`up` menjalankan profil satu proses; kosongkan BROKER_URL.")
    if not assets_built():
        raise click.UsageError("Tampilan belum dibangun; jalankan `make setup`.")
    found.var.mkdir(parents=True, exist_ok=True)
    mailbox = _mailbox(found)
    if mailbox:
        mailbox.start()
        found = replace(found, smtp_url=mailbox.url)
    database = Database(found.database)
    prepare(database)
    if found.demo and load.is_empty(database):
        play_demo(database, found)
    _serve(found, database)
    if mailbox:
        mailbox.stop()


def play_demo(database: Database, found: Settings) -> int:
    """Load the demo and play its story, the workers' part included; how many innovations there are."""
    drain = Drain(found, database)
    with click.progressbar(length=load.scene_count(), label="Memuat data peragaan") as bar:
        return load.load_demo(database, EvidenceStore.of(found), drain, bar.update)


def _mailbox(found: Settings) -> Mailbox | None:
    return Mailbox(found.var / "mailbox") if found.demo and not found.smtp_url else None


def _serve(found: Settings, database: Database) -> None:
    clock = clock_for(found, database)
    workers = EmbeddedWorkers(found, database, clock)
    app = create_app(found, database, clock, Depths(workers.app), *mail_desks(found, database, clock))
    try:
        server = create_server(app, host=found.host, port=found.port, threads=THREADS, ident="loncatan")
    except OSError as fault:
        raise click.ClickException(f"Port {found.port} tidak dapat dipakai: {fault.strerror}") from fault
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts background jobs deaf to Ctrl-C
        signal.signal(number, _interrupt)
    workers.start()
    _say_ready(found, database)
    try:
        server.run()
    finally:
        server.close()
        finished = workers.stop()
        database.dispose()
    if not finished:  # the interpreter would wait for its threads for ever
        os._exit(0)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say_ready(found: Settings, database: Database) -> None:
    if found.demo:
        click.echo("Mode peragaan: masuk dengan satu klik di setiap halaman, tanpa kata sandi, sebagai")
        with database.read() as session:
            fact = session.get(Fact, load.PERSONAS)
        for persona in fact.value if fact else []:
            click.echo(f"  {persona['role']:<18} {persona['email']}")
    click.echo(f"READY http://{found.host}:{found.port}")
    sys.stdout.flush()
