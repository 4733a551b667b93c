"""Lists: pages that follow each other in both directions, whatever the order."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MONDAY
from tests.workflow.test_commands import begin
from workflow import case_lists
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, User

As = Callable[[Session, str], Actor]


def test_going_back_shows_the_same_pages(database: Database, as_: As) -> None:
    for title in "DBEACBB":
        begin(database, as_, title=f"INOVASI NOMOR {title}")
    with database.write() as session:
        for case in session.scalars(select(Case)):
            case.due_at = None if case.id % 3 == 0 else MONDAY + timedelta(days=case.id % 2)

    with database.read() as session:
        user = as_(session, "endah").user
        assert user is not None
        for sort in [f"{sign}{key}" for key in case_lists.SORTS for sign in ("", "-")]:
            forwards = list(_walk(session, user, sort, "next_cursor", None))
            backwards = list(_walk(session, user, sort, "previous_cursor", forwards[-1].previous_cursor))

            numbers = [[case.number for case in page.cases] for page in forwards]
            assert [len(found) for found in numbers] == [2, 2, 2, 1]
            assert len({number for found in numbers for number in found}) == 7
            assert [[case.number for case in page.cases] for page in reversed(backwards)] == numbers[:-1]


def _walk(
    session: Session, user: User, sort: str, neighbour: str, cursor: str | None
) -> Iterator[case_lists.Page]:
    while True:
        page = case_lists.list_cases(
            session, user, MONDAY, case_lists.Filters(), sort=sort, limit=2, cursor=cursor
        )
        yield page
        cursor = getattr(page, neighbour)
        if cursor is None:
            return
