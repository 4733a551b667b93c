"""What every command needs: the settings, an open database, and two ways to report."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from workflow.clock import Clock
from workflow.db import Database
from workflow.demo.clock import clock_for
from workflow.settings import Settings


def settings() -> Settings:
    return Settings.from_env(os.environ)


@contextmanager
def opened() -> Iterator[tuple[Settings, Database, Clock]]:
    """The database of the environment, closed again afterwards."""
    found = settings()
    found.var.mkdir(parents=True, exist_ok=True)
    database = Database(found.database)
    try:
        yield found, database, clock_for(found, database)
    finally:
        database.dispose()


json_option = click.option("--json", "as_json", is_flag=True, help="Report as JSON.")


def report(value: dict[str, Any] | list[Any], as_json: bool, text: str) -> None:  # noqa: FBT001
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str) if as_json else text)
