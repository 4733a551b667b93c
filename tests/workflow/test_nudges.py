"""A nudge reaches whoever holds the turn, once in a while, and changes nothing."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import ask, in_review, judge, together
from workers.deadlines import scan
from workers.office import Office
from workflow import audit, commands, fold
from workflow.db import Database
from workflow.errors import Forbidden, NotFound, Refused
from workflow.ledger import Actor
from workflow.models import Case, Email, Event
from workflow.settings import Settings

As = Callable[[Session, str], Actor]


def nudge(database: Database, as_: As, number: str, who: str = "endah") -> None:
    with database.write() as session:
        commands.nudge(session, as_(session, who), number)


def nudged(database: Database) -> list[str]:
    with database.read() as session:
        mails = session.scalars(select(Email).where(Email.kind == "nudged").order_by(Email.id))
        return sorted(mail.to_address.partition("@")[0] for mail in mails)


@pytest.fixture
def number(database: Database, as_: As) -> str:
    """In review with three reviewers, one of whom has answered."""
    made = in_review(database, as_)
    ask(database, as_, made, "rudi", "sri", "tono")
    judge(database, as_, made, "rudi")
    return made


def test_those_who_still_owe_a_review_are_told_once_and_again_after_two_working_days(
    database: Database, as_: As, clock: MovableClock, number: str, run_workers: Callable[[], None]
) -> None:
    with database.read() as session:
        before = session.scalars(select(Case.version)).one()
    nudge(database, as_, number)
    run_workers()
    assert nudged(database) == ["sri", "tono"]

    clock.tick(days=1)
    with pytest.raises(Refused, match="dapat diingatkan lagi mulai Rabu, 14 September 2022"):
        nudge(database, as_, number)
    clock.tick(days=1)
    nudge(database, as_, number, "retno")
    run_workers()
    assert nudged(database) == ["sri", "sri", "tono", "tono"]
    with database.read() as session:
        assert session.scalars(select(Case.version)).one() == before
        assert list(fold.differences(session)) == []
        assert audit.verify(session).intact


def test_a_reminder_of_the_system_counts_as_one(
    database: Database, as_: As, clock: MovableClock, settings: Settings, number: str
) -> None:
    with database.read() as session:
        due_at = session.scalars(select(Case.due_at)).one()
    assert due_at is not None
    clock.now = due_at
    scan(Office(settings, database, clock))

    with pytest.raises(Refused, match="belum lama ini"):
        nudge(database, as_, number)


def test_two_who_nudge_at_once_send_one_mail_each(
    database: Database, as_: As, number: str, run_workers: Callable[[], None]
) -> None:
    refused: list[str] = []

    def act(who: str) -> Callable[[], None]:
        def once() -> None:
            try:
                nudge(database, as_, number, who)
            except Refused:
                refused.append(who)

        return once

    together(act("endah"), act("wulan"))
    run_workers()

    assert len(refused) == 1
    assert nudged(database) == ["sri", "tono"]


def test_only_those_who_run_the_work_nudge_and_never_themselves(
    database: Database, as_: As, number: str
) -> None:
    for who, fault in (("ani", Forbidden), ("budi", Forbidden), ("sri", Forbidden), ("lain", NotFound)):
        with pytest.raises(fault):
            nudge(database, as_, number, who)
    for name in ("sri", "tono"):
        judge(database, as_, number, name)
    with pytest.raises(Refused, match="Tidak ada orang lain"):
        nudge(database, as_, number)
    with database.read() as session:
        asked = select(func.count()).select_from(Event).where(Event.name == "deadline.nudged")
        assert session.scalar(asked) == 0
