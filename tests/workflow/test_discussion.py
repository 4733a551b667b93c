"""The discussion of a case: who reads what, who is told, and that it disturbs nobody's work."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MONDAY
from tests.workflow.test_assignment import ask, in_review, judge
from workflow import audit, commands, discussion
from workflow.db import Database
from workflow.errors import Forbidden, Invalid, NotFound
from workflow.ledger import Actor
from workflow.models import Case, Email, Event, MailChoice
from workflow.people import find_user

As = Callable[[Session, str], Actor]


def say(database: Database, as_: As, number: str, who: str, audience: str, text: str, *mentions: str) -> None:
    named = [f"{name}@contoh.invalid" for name in mentions]
    with database.write() as session:
        document = {"audience": audience, "text": text, "mentions": named}
        commands.discuss(session, as_(session, who), number, document)


def read(database: Database, as_: As, number: str, who: str) -> list[str | None]:
    with database.read() as session:
        user = as_(session, who).user
        assert user is not None
        case = session.scalars(select(Case).where(Case.number == number)).one()
        return [message.text for message in discussion.messages(session, user, case)]


def told(database: Database) -> list[set[str]]:
    """Who got a mail about each message, by name."""
    with database.read() as session:
        events = session.scalars(select(Event.id).where(Event.name == discussion.SAID).order_by(Event.id))
        mails = list(session.scalars(select(Email).where(Email.kind == "discussed", ~Email.muted)))
        return [{m.to_address.partition("@")[0] for m in mails if m.event_id == e} for e in events]


def test_a_message_reaches_its_audience_and_nobody_else(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri")
    judge(database, as_, number, "rudi")
    say(database, as_, number, "retno", "staff", "Perlu satu penelaah lagi.")
    say(database, as_, number, "rudi", "reviewers", "Angka dasarnya janggal.")
    say(database, as_, number, "endah", "everyone", "Mohon lampirkan data dasar.", "rudi")
    say(database, as_, number, "ani", "everyone", "Sudah dilampirkan.")
    run_workers()

    everything = ["Perlu satu penelaah lagi.", "Angka dasarnya janggal."]
    for_all = ["Mohon lampirkan data dasar.", "Sudah dilampirkan."]
    assert read(database, as_, number, "endah") == [*everything, *for_all]
    assert read(database, as_, number, "rudi") == [everything[1], *for_all]
    assert read(database, as_, number, "sri") == for_all  # her own review comes first
    assert read(database, as_, number, "budi") == for_all
    assert told(database) == [
        {"endah", "wulan"},
        {"endah", "wulan", "retno"},
        {"ani", "budi", "rudi", "wulan", "retno"},
        {"budi", "endah", "wulan", "retno"},
    ]

    judge(database, as_, number, "sri")
    assert read(database, as_, number, "sri") == [everything[1], *for_all]


@pytest.mark.parametrize(
    ("who", "said", "pointer"),
    [
        ("ani", {"audience": "everyone", "text": "  "}, "/text"),
        ("ani", {"audience": "staff", "text": "Rahasia."}, "/audience"),
        ("sri", {"audience": "reviewers", "text": "Sebelum menilai."}, "/audience"),
        ("endah", {"audience": "staff", "text": "Lihat.", "mentions": ["ani@contoh.invalid"]}, "/mentions/0"),
        (
            "endah",
            {"audience": "everyone", "text": "Lihat.", "mentions": ["x@contoh.invalid"]},
            "/mentions/0",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_at_its_field(
    database: Database, as_: As, who: str, said: dict[str, Any], pointer: str
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "sri")
    with pytest.raises(Invalid) as refusal, database.write() as session:
        commands.discuss(session, as_(session, who), number, said)
    assert {problem.pointer for problem in refusal.value.problems} == {pointer}
    with database.read() as session:
        assert session.scalar(select(Event.id).where(Event.name == discussion.SAID)) is None


@pytest.mark.parametrize(("who", "refusal"), [("haryo", Forbidden), ("tono", NotFound)])
def test_auditors_only_read_and_strangers_see_nothing(
    database: Database, as_: As, who: str, refusal: type[Exception]
) -> None:
    number = in_review(database, as_)
    with pytest.raises(refusal), database.write() as session:
        commands.discuss(session, as_(session, who), number, {"audience": "everyone", "text": "Halo."})


def test_a_message_leaves_the_case_as_it_was(database: Database, as_: As) -> None:
    number = in_review(database, as_)
    with database.read() as session:
        before = commands.etag(commands.find(session, as_(session, "ani"), number))
    say(database, as_, number, "ani", "everyone", "Kapan seminarnya?")
    with database.read() as session:
        assert commands.etag(commands.find(session, as_(session, "ani"), number)) == before
        assert list(audit.differences(session)) == []


def test_whoever_does_without_news_of_discussions_gets_none(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = in_review(database, as_)
    with database.write() as session:
        budi = find_user(session, "budi@contoh.invalid")
        assert budi is not None
        session.add(MailChoice(user_id=budi.id, mail_group="discussion", way="off", since=MONDAY))
    say(database, as_, number, "endah", "everyone", "Seminar dimulai pukul sembilan.", "budi")
    run_workers()
    assert told(database) == [{"ani", "retno", "wulan"}]
