"""The schema's history: one line of revisions that ends in the models, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from tests.conftest import fresh_postgres
from workflow import migrations
from workflow.db import Database
from workflow.models import Base

VERSIONS = Path(migrations.__file__).parent / "versions"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    else:
        made = Database(fresh_postgres(request.getfixturevalue("postgres_server")))
    yield made
    made.dispose()


def test_the_history_is_one_line() -> None:
    files = sorted(VERSIONS.glob("[0-9]*.py"))

    assert [file.name.partition("_")[0] for file in files] == migrations.history()


def test_the_migrations_make_what_the_models_describe(empty: Database) -> None:
    migrations.upgrade(empty)

    with empty.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": _ours})
        assert compare_metadata(context, Base.metadata) == []


def test_every_revision_upgrades_to_the_newest_and_again_changes_nothing(empty: Database) -> None:
    for revision in migrations.history():
        migrations.upgrade(empty, revision)
        assert migrations.present(empty) == revision

    migrations.upgrade(empty)

    assert migrations.present(empty) == migrations.newest()
    tables = {name for name in inspect(empty.engine).get_table_names() if _ours(name, "table", {})}
    assert tables == {*Base.metadata.tables, "alembic_version"}


def _ours(name: str | None, _kind: str, _parents: object) -> bool:
    """Not the index that each database keeps in its own way."""
    return not (name or "").startswith(("search_index", "ix_search_index"))
