"""Calendar files: read back by the library that others read them with; nobody else's in one's own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import ask, in_review
from tests.workflow.test_seminars import STATE, change, invite
from workflow import commands
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Seminar
from workflow.people import find_user
from workflow.seminars import feeds
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
Entries = dict[str, dict[str, object]]


@pytest.fixture
def numbers(database: Database, as_: As) -> list[str]:
    made = [in_review(database, as_), in_review(database, as_)]
    ask(database, as_, made[0], "rudi")
    ask(database, as_, made[1], "sri")
    return made


def entries(text: bytes) -> Entries:
    read = Calendar.from_ical(text)
    assert read["METHOD"] == "PUBLISH"
    assert [zone["TZID"] for zone in read.walk("VTIMEZONE")] in ([], ["Asia/Jakarta"])
    return {str(e["UID"]): e for e in read.walk("VEVENT")}


def feed(database: Database, settings: Settings, clock: MovableClock, who: str) -> Entries:
    with database.read() as session:
        user = find_user(session, f"{who}@contoh.invalid")
        assert user is not None
        return entries(feeds.own_calendar(session, settings, user, clock()))


def test_a_move_and_a_cancellation_reach_the_calendar_under_the_same_name(
    database: Database, as_: As, numbers: list[str], settings: Settings, clock: MovableClock
) -> None:
    seminar = invite(database, as_, *numbers, link="https://rapat.contoh/rahasia")
    (uid,) = (u for u in feed(database, settings, clock, "rudi") if u.startswith("seminar"))
    first = feed(database, settings, clock, "rudi")[uid]
    assert first["DTSTART"].dt.tzinfo == ZoneInfo("Asia/Jakarta")  # type: ignore[attr-defined]
    assert str(first["DTSTART"].dt.time()) == "09:00:00"  # type: ignore[attr-defined]
    assert (first["SEQUENCE"], first["STATUS"], str(first["LOCATION"])) == (0, "CONFIRMED", "Aula BKPSDM")
    assert numbers[0] in str(first["SUMMARY"])

    change(database, as_, seminar, 1, *numbers, begins=time(13, 0))
    moved = feed(database, settings, clock, "rudi")[uid]
    assert (moved["SEQUENCE"], str(moved["DTSTART"].dt.time())) == (1, "13:00:00")  # type: ignore[attr-defined]

    with database.write() as session:
        commands.cancel_seminar(session, as_(session, "retno"), seminar, 2, "Aula dipakai rapat lain.")
    off = feed(database, settings, clock, "rudi")[uid]
    assert (off["SEQUENCE"], off["STATUS"]) == (2, "CANCELLED")


def test_a_feed_shows_ones_own_and_neither_people_nor_link(
    database: Database, as_: As, numbers: list[str], settings: Settings, clock: MovableClock
) -> None:
    seminar = invite(database, as_, *numbers, link="https://rapat.contoh/rahasia")
    shown = {who: feed(database, settings, clock, who) for who in ("rudi", "sri", "ani", "retno", "endah")}

    named = {who: {u for u in found if u.startswith("seminar")} for who, found in shown.items()}
    assert len(named["rudi"]) == len(named["sri"]) == 1
    assert named["ani"] == named["retno"] == named["rudi"] | named["sri"]
    assert named["endah"] == set()
    assert [u for u in shown["rudi"] if u.startswith("tenggat")] == [
        f"tenggat-{numbers[0].lower()}-3@127.0.0.1"
    ]
    text = str(shown)
    assert all(word not in text for word in ("rahasia", "Rudi", "Budi", "contoh.invalid"))
    with database.read() as session:
        held = session.get_one(Seminar, seminar)
        assert held.state == STATE
        rudi = as_(session, "rudi").user
        assert rudi is not None
        assert len(entries(feeds.invitation(settings, held, rudi))) == 1


def test_an_address_ends_with_its_key_and_with_the_account(
    database: Database, as_: As, settings: Settings, clock: MovableClock
) -> None:
    def token(session: Session) -> str:
        user = as_(session, "rudi").user
        assert user is not None
        held = feeds.feed_of(session, user)
        assert held is not None
        return feeds.link(settings, held).rpartition("/")[2].removesuffix(".ics")

    def reader(text: str, of: Settings = settings) -> str | None:
        with database.read() as session:
            found = feeds.reader_of(session, of, text, clock())
            return found.name if found else None

    with database.write() as session:
        feeds.open_feed(session, as_(session, "rudi"))
        first = token(session)
    assert reader(first) == "Rudi"
    assert reader(first, replace(settings, secret_key="z" * 40)) is None
    assert reader(first[:-1]) is reader("x" * 500) is reader("") is None
    with database.write() as session:
        feeds.open_feed(session, as_(session, "rudi"))
        second = token(session)
    assert (reader(first), reader(second)) == (None, "Rudi")
    with database.write() as session:
        user = as_(session, "rudi").user
        assert user is not None
        user.active = False
    assert reader(second) is None
