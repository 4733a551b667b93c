"""Owed work as a person sees it: found, filtered, counted, retried, settled."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.conftest import MONDAY
from tests.workflow.test_assignment import in_review
from workflow import delivery
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Email, Job, Try

As = Callable[[Session, str], Actor]


@pytest.fixture
def number(database: Database, as_: As, run_workers: Callable[[], None]) -> str:
    """A case whose mails are written and wait, for there is no mail server; its jobs are done."""
    found = in_review(database, as_)
    run_workers()
    return found


def test_mails_and_jobs_are_filtered_by_kind_and_case(database: Database, number: str) -> None:
    with database.read() as session:
        every = {mail.id: mail.kind for mail, _case, _user in delivery.list_mails(session, "waiting")}
        asked = delivery.list_mails(session, "waiting", what="decision_needed")
        mine = delivery.list_mails(session, "waiting", number=f" {number.lower()} ")
        both = delivery.list_mails(session, "waiting", what="decision_needed", number="INV-2022-9999")
        jobs = delivery.list_jobs(session, "done", what="notify", number=number)
        others = delivery.list_jobs(session, "done", what="notify", number="INV-2022-9999")

        assert {mail.id for mail, _case, _user in asked} == {
            i for i, kind in every.items() if kind == "decision_needed"
        }
        assert len(mine) == len(every) > len(asked) > 0
        assert (both, others) == ([], [])
        assert {job.handler for job, _case, _event in jobs} == {"notify"}


def test_a_row_is_found_with_its_case_and_its_own_failed_tries(database: Database, number: str) -> None:
    with database.write() as session:
        session.add(Try(email_id=1, number=1, at=MONDAY, error="421 sebentar"))
        session.add(Try(job_id=1, number=1, at=MONDAY, error="kehabisan memori"))
    with database.read() as session:
        for kind, table, error in (("email", Email, "421 sebentar"), ("job", Job, "kehabisan memori")):
            found = delivery.find(session, kind, 1)
            assert found is not None
            row, case, event = found
            assert isinstance(row, table)
            assert case is not None
            assert event is not None
            assert (row.id, case.number, event.case_id) == (1, number, case.id)
            assert [t.error for t in delivery.tries(session, row)] == [error]
            assert delivery.find(session, kind, 10**6) is None


@pytest.mark.usefixtures("number")
def test_a_retry_owes_the_mail_as_if_new_and_says_so(database: Database) -> None:
    trouble = {"handed_at": MONDAY, "unknown_at": MONDAY, "attempts": 8, "error": "diam"}
    with database.write() as session:
        session.execute(update(Email).where(Email.id == 1).values(trouble))
    with database.write() as session:
        assert delivery.retry(session, "email", 1, MONDAY)
        assert session.info["owed"] == [("email", 1)]
    with database.read() as session:
        mail = session.get_one(Email, 1)
        assert (mail.handed_at, mail.unknown_at, mail.attempts, mail.error) == (None, None, 0, None)
        assert delivery.state_of(mail, MONDAY) == "waiting"
    with database.write() as session:
        assert not delivery.retry(session, "job", 1, MONDAY)  # done long ago


@pytest.mark.usefixtures("number")
def test_an_unknown_mail_that_arrived_is_settled_as_sent_once(database: Database) -> None:
    with database.write() as session:
        session.execute(update(Email).where(Email.id == 1).values(handed_at=MONDAY, unknown_at=MONDAY))
    with database.write() as session:
        waiting = set(session.scalars(select(Email.id).where(delivery.is_waiting(Email))))
        assert 1 not in waiting  # up to a person
        assert 2 in waiting
        assert delivery.settle(session, 1, MONDAY)
        assert not delivery.settle(session, 1, MONDAY)
        assert not delivery.settle(session, 2, MONDAY)  # not in doubt
        summary = delivery.mails(session)
    assert (summary.done, summary.unknown) == (1, 0)


@pytest.mark.usefixtures("number")
def test_what_waits_too_long_is_counted_and_dated(database: Database) -> None:
    with database.write() as session:
        session.execute(update(Job).where(Job.id == 1).values(done_at=None, created_at=MONDAY))
        mails = len(list(session.scalars(select(Email.id))))
        soon = delivery.alarm(session, MONDAY)
        late = delivery.alarm(session, MONDAY + delivery.LATE_AFTER + timedelta(seconds=1))
        oldest = delivery.oldest(session)
        session.execute(update(Job).values(done_at=MONDAY))
        session.execute(update(Email).values(done_at=MONDAY))
        nothing = delivery.oldest(session)

    assert soon is None
    assert late == delivery.Alarm(0, 0, mails + 1, MONDAY)
    assert (oldest, nothing) == (MONDAY, None)
    assert mails > 0
