"""The discussion in the browser and through the API."""

from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.web.api_calls import body
from tests.web.conftest import Call, SignIn, csrf
from tests.workflow.test_assignment import in_review
from workflow.db import Database
from workflow.discussion import SAID
from workflow.ledger import Actor
from workflow.models import Event

As = Callable[[Session, str], Actor]


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Event).where(Event.name == SAID)) or 0


def test_a_message_is_written_once_and_read_by_those_it_is_for(
    sign_in: SignIn, database: Database, as_: As
) -> None:
    number = in_review(database, as_)
    page = f"/usulan/{number}/diskusi"
    endah, ani = sign_in("endah"), sign_in("ani")
    form = {"audience": "staff", "text": "<b>Rahasia</b> panitia.", "key": "a1", **csrf(endah)}
    answers = [endah.post(page, data=form) for _ in range(2)]
    refused = ani.post(page, data={"audience": "everyone", "text": " ", "mentions": "", **csrf(ani)})

    assert [answer.status_code for answer in answers] == [302, 302]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert count(database) == 1
    assert "&lt;b&gt;Rahasia&lt;/b&gt; panitia." in endah.get(page).text
    assert "Rahasia" not in ani.get(page).text
    assert "Rahasia" not in ani.get(f"/usulan/{number}?tab=riwayat").text
    assert refused.status_code == 422
    assert 'id="text-problem"' in refused.text


def test_the_api_says_and_shows_only_what_its_caller_reads(call: Call, database: Database, as_: As) -> None:
    number = in_review(database, as_)
    path = f"/proposals/{number}/messages"
    said = {"audience": "staff", "text": "Untuk panitia.", "mentions": ["retno@contoh.invalid"]}
    made = call("endah", "post", path, json=said)
    foreign = call("ani", "post", path, json=said)
    call("ani", "post", path, json={"audience": "everyone", "text": "Untuk semua."})

    assert made.status_code == 201
    assert made.json is not None
    assert (made.json["author"], made.json["mentions"]) == ({"name": "Endah"}, [{"name": "Retno"}])
    assert foreign.status_code == 422
    read = {who: [m["text"] for m in body(call(who, "get", path))["items"]] for who in ("ani", "retno")}
    assert read == {"ani": ["Untuk semua."], "retno": ["Untuk panitia.", "Untuk semua."]}
    events = {who: body(call(who, "get", f"/proposals/{number}/events"))["items"] for who in ("ani", "retno")}
    contents = {who: [e["content"] for e in rows if e["name"] == SAID] for who, rows in events.items()}
    assert contents["ani"][0] is None
    assert contents["retno"][0] == {"note": "Untuk panitia.", "mentions": [{"name": "Retno"}]}
