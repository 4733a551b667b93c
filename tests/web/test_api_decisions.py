"""Held decisions through the API: the same doors, told to nobody, released once."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.web.conftest import Call
from tests.workflow.test_assignment import ask, in_review, judge
from workflow.db import Database
from workflow.ledger import Actor

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
WHY = "Penguji sepakat setelah pembahasan."


@pytest.fixture
def number(database: Database, as_: Callable[[Session, str], Actor], run_workers: Callable[[], None]) -> str:
    """A case in deliberation."""
    made = in_review(database, as_)
    ask(database, as_, made, "rudi", "sri")
    judge(database, as_, made, "rudi", 95)
    judge(database, as_, made, "sri", 50)
    run_workers()
    return made


@pytest.fixture
def held(call: Call, number: str) -> Callable[..., TestResponse]:
    def hold(who: str = "endah", **body: Any) -> TestResponse:  # noqa: ANN401
        asked = {"transition": "settle_design", "note": WHY, **body}
        return call(who, "post", f"/proposals/{number}/decisions", {"If-Match": "*"}, json=asked)

    return hold


def test_held_read_noted_and_released(call: Call, held: Callable[..., TestResponse], number: str) -> None:
    made = held()
    path = made.headers["Location"].removeprefix("/api/v1")
    assert made.status_code == 201
    seen_by_proposer = call("ani", "get", f"/proposals/{number}").get_json()
    assert seen_by_proposer["state"] == "pkp_proposal.design_deliberation"
    listed = call("endah", "get", "/decisions").get_json()["items"]
    assert [row["id"] for row in listed] == [made.get_json()["id"]]

    call("retno", "post", f"/proposals/{number}/messages", json={"audience": "staff", "text": "Cek izinnya."})
    refused = call("endah", "post", f"{path}/release")
    assert refused.status_code == 409
    assert "1 peristiwa baru" in refused.get_json()["reasons"][0]["message"]
    found = call("endah", "get", path).get_json()
    assert found["changes"] == 1
    unknown = call("endah", "post", f"{path}/seen", json={"seen": found["seen"] + 9}).get_json()
    assert unknown["errors"][0]["pointer"] == "/seen"
    assert call("endah", "post", f"{path}/seen", json={"seen": found["seen"] + 1}).get_json()["changes"] == 0

    assert call("endah", "post", f"{path}/release").get_json()["state"] == "pkp_proposal.implementation"
    assert call("endah", "post", f"{path}/release").status_code == 409
    assert call("endah", "get", path).get_json()["outcome"] == "released"
    assert call("endah", "get", "/decisions").get_json()["items"] == []


def test_a_decision_is_withdrawn_and_nobody_hears_of_it(
    call: Call, held: Callable[..., TestResponse], number: str
) -> None:
    before = call("endah", "get", f"/proposals/{number}/events").get_json()
    path = f"/decisions/{held().get_json()['id']}"

    assert call("endah", "post", f"{path}/withdraw").get_json()["outcome"] == "withdrawn"
    assert call("endah", "post", f"{path}/withdraw").status_code == 409
    assert call("endah", "get", f"/proposals/{number}/events").get_json() == before


def test_only_those_who_may_take_the_step_may_hold_read_or_release_it(
    call: Call, held: Callable[..., TestResponse]
) -> None:
    path = f"/decisions/{held().get_json()['id']}"

    assert call("ani", "get", "/decisions").status_code == 403
    for who, status in (("ani", 403), ("lain", 404)):
        assert held(who).status_code == status
        assert call(who, "get", path).status_code == status
        for deed in ("release", "withdraw"):
            assert call(who, "post", f"{path}/{deed}").status_code == status
    assert call("endah", "get", f"/decisions/{2**31}").status_code == 404
    assert held(note=None).get_json()["errors"][0]["pointer"] == "/note"
    assert held(transition="approve").status_code == 409
