"""The schema's history, one linear line of Alembic revisions."""

import time
from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

from workflow.db import Database

TRIES, PAUSE_SECONDS = 10, 1.0
CROSSED = {"40P01", "55P03"}
"""PostgreSQL's deadlock, and a lock not had in time: what people at work may do to a change of tables."""


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to a revision, whole or not at all; does nothing if it is there or beyond.

    Beside a running system it may take a few tries: who is in the way then keeps the right of way.
    """
    for left in reversed(range(TRIES)):
        try:
            _upgrade(database, revision)
        except OperationalError as fault:
            if not left or getattr(fault.orig, "sqlstate", None) not in CROSSED:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _upgrade(database: Database, revision: str) -> None:
    with database.engine.connect() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


def present(database: Database) -> str | None:
    """The revision the database is at; None before the first."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def history() -> list[str]:
    """All revisions, oldest first. Raises what Alembic raises if the line has branches."""
    revisions = ScriptDirectory.from_config(_config()).walk_revisions("base", "head")
    return [script.revision for script in revisions][::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(str(files("workflow") / "migrations"))))
    return config
