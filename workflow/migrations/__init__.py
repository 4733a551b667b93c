"""The schema's history, one linear line of Alembic revisions."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from workflow.db import Database


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the database to a revision, by default the newest; does nothing if it is there or beyond."""
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
