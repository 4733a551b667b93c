"""Both databases, a cast of people, a clock that can be moved, and workers that run when asked."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as budget
from sqlalchemy.orm import Session

from tests.servers import postgres
from workers.drain import Drain
from workflow import migrations
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Cohort
from workflow.people import create_user, find_user
from workflow.reference.load import load_agencies
from workflow.settings import Settings

budget.register_profile(
    "quick", deadline=None, derandomize=True, database=None, max_examples=60, stateful_step_count=25
)
budget.register_profile("deep", deadline=None, max_examples=2000, stateful_step_count=50)
budget.load_profile("quick")  # --hypothesis-profile deep looks longer, and anew each time

MONDAY = datetime(2022, 9, 12, 2, 0, tzinfo=UTC)

CAST = {
    "ani": ("puskesmas-tanon-1", (), False),
    "budi": ("puskesmas-tanon-1", (), False),
    "yuli": ("dinkes", (), True),
    "retno": ("bkpsdm", ("organiser",), False),
    "endah": ("bappeda-litbang", ("coordinator",), False),
    "wulan": ("bappeda-litbang", ("coordinator",), False),
    "haryo": ("inspektorat", ("auditor",), False),
    "dimas": ("diskominfo", ("admin",), False),
    "rudi": ("dlh", ("reviewer",), False),
    "sri": ("disdikbud", ("reviewer",), False),
    "tono": ("dishub", ("reviewer",), False),
    "lain": ("dlh", (), False),
    "tuti": ("dinkes", (), False),
}


SLOWEST = ("faults/test_scenarios.py", "test_embedded.py")
"""Files of minutes: begun last they would keep one processor busy while the others wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.path.as_posix().endswith(SLOWEST))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every test on SQLite begins with, made once."""
    path = tmp_path_factory.mktemp("template") / "test.db"
    made = Database(f"sqlite:///{path}")
    furnish(made)
    made.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of what every test on PostgreSQL begins with, made once."""
    url = fresh_postgres(postgres_server)
    made = Database(url)
    furnish(made)
    made.dispose()
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty, migrated database with the agencies and the cast."""
    if request.param == "sqlite":
        copied = shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
        made = Database(f"sqlite:///{copied}")
    else:
        server = request.getfixturevalue("postgres_server")
        made = Database(fresh_postgres(server, request.getfixturevalue("postgres_template")))
    yield made
    made.dispose()


def furnish(database: Database) -> None:
    """Migrate an empty database and let the agencies and the cast move in."""
    migrations.upgrade(database)
    with database.write() as session:
        load_agencies(session)
        session.add(Cohort(code="pkp-iv-2022", name="PKP Angkatan IV 2022", year=2022))
        for name, (agency, roles, head) in CAST.items():
            create_user(
                session,
                MONDAY,
                email=f"{name}@contoh.invalid",
                name=name.title(),
                agency=agency,
                roles=roles,
                heads_agency=head,
            )


def fresh_postgres(server: str, template: str = "template1") -> str:
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    return server.replace("postgresql://", "postgresql+psycopg://").rsplit("/", 1)[0] + f"/{name}"


class MovableClock:
    """The time of a test; it stands still until moved."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def as_(clock: MovableClock) -> Callable[[Session, str], Actor]:
    """Call it with a session and "ani": Ani as an actor, now."""

    def actor(session: Session, name: str) -> Actor:
        user = find_user(session, f"{name}@contoh.invalid")
        assert user is not None
        return Actor(user, clock())

    return actor


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path, secret_key="k" * 40)


@pytest.fixture
def run_workers(settings: Settings, database: Database, clock: MovableClock) -> Callable[[], None]:
    """All due jobs, until nothing is due."""
    drain = Drain(settings, database)
    return lambda: drain(clock())
