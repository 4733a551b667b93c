"""An office to measure in: people, complete drafts, and as many cases as asked for."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import event as sql
from sqlalchemy import func, insert, select

from workflow import commands, migrations
from workflow.clock import system_clock
from workflow.db import Database
from workflow.definition import process, versions
from workflow.ledger import Actor
from workflow.models import Case, Participant, User
from workflow.people import create_user, find_user
from workflow.reference.load import load_agencies
from workflow.samples import sample

PROPOSER, HEAD, COORDINATOR = (f"{name}@ukur.invalid" for name in ("usul", "kepala", "koordinator"))
AGENCY = "puskesmas-tanon-1"
FIRST_DAY = datetime(2018, 1, 1, tzinfo=UTC)


def furnish(database: Database) -> None:
    """Tables, agencies and three people."""
    migrations.upgrade(database)
    with database.write() as session:
        load_agencies(session)
        for email, agency, roles, head in (
            (PROPOSER, AGENCY, (), False),
            (HEAD, AGENCY, (), True),
            (COORDINATOR, "bappeda-litbang", ("coordinator",), False),
        ):
            create_user(
                session,
                system_clock(),
                email=email,
                name=email.partition("@")[0].title(),
                agency=agency,
                roles=roles,
                heads_agency=head,
            )


def person(database: Database, email: str) -> User:
    with database.read() as session:
        user = find_user(session, email)
    if user is None:
        raise LookupError(email)
    return user


def complete_drafts(database: Database, count: int) -> list[str]:
    """Cases whose proposer has only to press the button."""
    numbers = []
    for turn in range(count):
        with database.write() as session:
            actor = Actor(find_user(session, PROPOSER), system_clock())
            cover = {"title": f"TOLOK UKUR nomor {turn}", "category": "digital", "agency": AGENCY}
            number = commands.start(session, actor, cover).number
            commands.save_draft(session, actor, number, sample("innovation_proposal", turn), None, "propose")
            numbers.append(number)
    return numbers


def fill(database: Database, total: int) -> None:
    """Rows until there are `total` cases, in every state, with one proposer; no events."""
    chance = random.Random(1)  # noqa: S311 - the same rows every time
    version = versions()[-1]
    states = list(process(version).states.values())
    with database.write() as session:
        have = session.scalar(select(func.count()).select_from(Case)) or 0
        first = (session.scalar(select(func.max(Case.id))) or 0) + 1
        owner = session.scalars(select(User.id).where(User.email == PROPOSER)).one()
        agency = session.scalars(select(User.agency_id).where(User.id == owner)).one()
        rows = []
        for number in range(first, first + total - have):
            state, day = chance.choice(states), FIRST_DAY + timedelta(minutes=chance.randrange(2_000_000))
            rows.append(
                {
                    "id": number,
                    "number": f"INV-{day.year}-{number:06d}",
                    "process": version,
                    "state": state.name,
                    "outcome": state.outcome,
                    "visit": 1,
                    "entered_at": day,
                    "version": 1,
                    "seq": 1,
                    "title": f"INOVASI {number}: {chance.choice(('gizi', 'air', 'pajak', 'sekolah'))}",
                    "category": chance.choice(("digital", "non_digital")),
                    "agency_id": agency,
                    "due_at": day + timedelta(days=9) if state.due else None,
                    "created_at": day,
                    "updated_at": day,
                }
            )
        if rows:
            session.execute(insert(Case), rows)
            parts = [
                {"case_id": r["id"], "user_id": owner, "role": "proposer", "since": FIRST_DAY} for r in rows
            ]
            session.execute(insert(Participant), parts)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Every statement of the block, BEGIN, COMMIT and savepoints aside."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    sql.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sql.remove(database.engine, "before_cursor_execute", note)
