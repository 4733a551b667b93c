"""The demo from the command line."""

import shutil
from datetime import datetime, timedelta

import click

from web.cli.base import opened, settings
from web.cli.run import play_demo, prepare
from workflow import dates
from workflow.clock import WIB
from workflow.demo import load
from workflow.demo.clock import travel


@click.group()
def demo() -> None:
    """Invented people and proposals (needs DEMO=1)."""
    if not settings().demo:
        raise click.UsageError("Hanya dalam mode peragaan (DEMO=1).")


@demo.command("load")
def load_command() -> None:
    """Load the demo into an empty database."""
    with opened() as (found, database, _clock):
        prepare(database)
        if not load.is_empty(database):
            raise click.ClickException("Basis data sudah berisi; pakai `loncatan demo reset`.")
        count = play_demo(database, found)
    click.echo(f"{count} inovasi peragaan dimuat.")


@demo.command()
def reset() -> None:
    """Throw the demo's data away and load it anew (embedded profile only)."""
    found = settings()
    if found.database_url:
        raise click.UsageError("Hanya untuk basis data SQLite di VAR.")
    for path in found.var.glob("loncatan.db*"):
        path.unlink()
    shutil.rmtree(found.var / "mailbox", ignore_errors=True)
    with opened() as (_settings, database, _clock):
        prepare(database)
        count = play_demo(database, found)
    click.echo(f"{count} inovasi peragaan dimuat.")


@demo.command()
@click.option("--days", type=click.IntRange(1, 400), help="Move on by so many days.")
@click.option("--to", "to", type=click.DateTime(["%Y-%m-%d"]), help="Move to this day, 09.00 WIB.")
def clock(days: int | None, to: datetime | None) -> None:
    """Show the demo's clock or move it; deadlines on the way fire at their own time."""
    with opened() as (_settings, database, now):
        target = to.replace(hour=9, tzinfo=WIB) if to else now() + timedelta(days=days or 0)
        if target > now() and (days or to):
            click.echo(f"{travel(database, now(), target)} tenggat diproses.")
            click.echo(dates.long_moment(target))
        else:
            click.echo(dates.long_moment(now()))
