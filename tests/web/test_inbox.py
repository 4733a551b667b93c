"""The inbox: one's own mails alone, also those kept from the mail; read, unread, and why each came."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.web.conftest import SignIn, csrf
from tests.web.test_mail_choice import submit
from workers.jobs import takeable
from workflow import commands, delivery
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Email

As = Callable[[Session, str], Actor]
LINK = re.compile(r'href="(/kotak-masuk/\d+)"')
COUNT = re.compile(r'class="count">(\d+)<span class="visually-hidden"> belum dibaca')

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def told(database: Database, as_: As, run_workers: Callable[[], None]) -> str:
    """Ani does without news, and submits: a receipt for her inbox alone, a turn for Budi."""
    with database.write() as session:
        commands.choose_mails(session, as_(session, "ani"), {"progress": "off"})
    number = submit(database, as_)
    run_workers()
    return number


def test_a_person_sees_their_own_and_nobody_else_does(sign_in: SignIn, told: str) -> None:
    ani, budi, endah = sign_in("ani"), sign_in("budi"), sign_in("endah")
    (hers,) = LINK.findall(ani.get("/kotak-masuk").text)
    (his,) = LINK.findall(budi.get("/kotak-masuk").text)

    assert told in ani.get(hers).text
    for who, link in ((ani, his), (budi, hers), (endah, hers)):
        assert who.get(link).status_code == 404
        who.post(link, data=csrf(who))
        who.post("/kotak-masuk", data={"up_to": "99", **csrf(who)})
    assert COUNT.findall(ani.get("/beranda").text) == []
    assert "Kotak masuk masih kosong" in endah.get("/kotak-masuk").text


def test_what_a_group_kept_from_the_mail_stands_here_and_is_never_sent(
    sign_in: SignIn, told: str, database: Database, clock: MovableClock
) -> None:
    with database.write() as session:
        kept = session.scalars(select(Email).where(Email.muted)).one()
        assert kept.kind == "received"
        assert not delivery.retry(session, "email", kept.id, clock())
        assert session.scalars(select(Email.id).where(takeable(Email, clock()), Email.muted)).all() == []
        assert delivery.mails(session).dropped == 0
    page = sign_in("ani").get(f"/kotak-masuk/{kept.id}").text
    assert "Tidak dikirim sebagai surel" in page
    assert "memberi tahu pengusul" in page
    assert f"/usulan/{told}" in page


def test_what_the_operator_dropped_is_not_owed_any_more(
    sign_in: SignIn, told: str, database: Database, clock: MovableClock
) -> None:
    assert told
    with database.write() as session:
        email = session.scalars(select(Email).where(Email.muted.is_(False))).one()
        assert delivery.drop(session, "email", email.id, clock())
    assert "Kotak masuk masih kosong" in sign_in("budi").get("/kotak-masuk").text


def test_opening_is_reading_and_can_be_taken_back(sign_in: SignIn, told: str) -> None:
    assert told
    budi = sign_in("budi")
    (link,) = LINK.findall(budi.get("/kotak-masuk?baru=1").text)
    assert COUNT.findall(budi.get(link).text) == []
    assert "Semuanya sudah dibaca" in budi.get("/kotak-masuk?baru=1").text
    budi.post(link, data=csrf(budi))
    assert COUNT.findall(budi.get("/beranda").text) == ["1"]


def test_all_are_marked_but_for_what_came_after_the_list_was_shown(
    sign_in: SignIn, told: str, database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    assert told
    budi = sign_in("budi")
    up_to = re.findall(r'name="up_to" value="(\d+)"', budi.get("/kotak-masuk").text)[0]
    submit(database, as_)
    run_workers()
    budi.post("/kotak-masuk", data={"up_to": up_to, **csrf(budi)})
    assert COUNT.findall(budi.get("/kotak-masuk").text) == ["1"]
    assert budi.post("/kotak-masuk", data={"up_to": "9" * 30, **csrf(budi)}).status_code == 302
    assert COUNT.findall(budi.get("/kotak-masuk").text) == []


def test_many_come_in_pages(sign_in: SignIn, told: str, database: Database) -> None:
    assert told
    with database.write() as session:
        first = session.scalars(select(Email).where(Email.muted)).one()
        for n in range(40):
            session.add(_like(first, n))
        session.execute(update(Email).values(read_at=None))
    ani = sign_in("ani")
    one, two = (LINK.findall(ani.get(f"/kotak-masuk?hal={page}").text) for page in (1, 2))
    assert (len(one), len(two), len({*one, *two})) == (30, 11, 41)
    assert ani.get("/kotak-masuk?hal=99999999999").status_code == 200
    assert ani.get("/kotak-masuk/99999999999").status_code == 404


def _like(email: Email, n: int) -> Email:
    kept = ("event_id", "recipient_id", "to_address", "subject", "text", "html", "due_at", "created_at")
    same = {key: getattr(email, key) for key in kept}
    return Email(**same, kind=f"{email.kind}{n}", message_id=f"<{n}@contoh.invalid>", muted=True)
