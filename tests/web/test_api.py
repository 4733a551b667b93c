"""The API's promises: statuses, problems, versions, idempotency, and who sees what."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from werkzeug.test import TestResponse

from tests.conftest import MovableClock
from web import create_app
from workflow.db import Database
from workflow.people import create_token, find_user
from workflow.samples import sample
from workflow.settings import Settings

COVER = {
    "title": "SIAGA POSYANDU: gizi balita",
    "category": "digital",
    "agency": "puskesmas-tanon-1",
    "cohort": "pkp-iv-2022",
    "mentor": "budi@contoh.invalid",
}
Call = Callable[..., TestResponse]


@pytest.fixture
def app(settings: Settings, database: Database, clock: MovableClock) -> Flask:
    return create_app(settings, database, clock)


@pytest.fixture
def call(app: Flask, database: Database, clock: MovableClock) -> Call:
    """Requests with somebody's token: call("ani", "post", path, json=...)."""  # noqa: D402
    tokens: dict[str, str] = {}

    def request(
        who: str,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        **more: Any,  # noqa: ANN401
    ) -> TestResponse:
        if who not in tokens:
            with database.write() as session:
                user = find_user(session, f"{who}@contoh.invalid")
                assert user is not None
                tokens[who] = create_token(session, clock(), user)
        sent = {"Authorization": f"Bearer {tokens[who]}", **(headers or {})}
        return app.test_client().open(f"/api/v1{path}", method=method.upper(), headers=sent, **more)

    return request


def begin(call: Call, **changes: object) -> TestResponse:
    return call("ani", "post", "/proposals", json=COVER | changes)


def test_a_proposal_is_created_and_says_where(call: Call) -> None:
    response = begin(call)

    assert response.status_code == 201
    assert response.headers["Location"] == "/api/v1/proposals/INV-2022-0001"
    assert response.headers["ETag"] == '"1.0"'
    assert response.json is not None
    assert response.json["state"] == "pkp_proposal.draft"
    submit = next(t for t in response.json["transitions"] if t["name"] == "submit")
    assert (submit["allowed"], submit["reasons"]) == (True, [])


def test_the_way_from_draft_to_the_mentor_s_decision(call: Call) -> None:
    begin(call)
    path = "/proposals/INV-2022-0001"
    saved = call("ani", "put", f"{path}/draft", {"If-Match": '"1.0"'}, json={"form": sample("change_plan")})
    sent = call("ani", "post", f"{path}/transitions/submit", {"If-Match": saved.headers["ETag"]}, json={})

    decided = call("budi", "post", f"{path}/transitions/approve", {"If-Match": sent.headers["ETag"]}, json={})

    assert (saved.status_code, sent.status_code, decided.status_code) == (200, 200, 200)
    assert decided.json is not None
    assert decided.json["state"] == "pkp_proposal.design_seminar"


def test_every_problem_points_at_its_field(call: Call) -> None:
    response = begin(call, title="", category="analog", unknown=1)

    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert response.json is not None
    assert {e["pointer"] for e in response.json["errors"]} == {"/title", "/category", "/unknown"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"title": NaN}', "application/json", 400),
        (b'{"a": 1, "a": 2}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b'"' + b"x" * 1_100_000 + b'"', "application/json", 413),
        (b'{"title": "\\u0000 kosong"}', "application/json", 422),
        ('{"title": "😀"}'.encode(), "application/json", 422),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
    ],
)
def test_bad_bodies_get_their_status(call: Call, body: bytes, content_type: str, status: int) -> None:
    response = call("ani", "post", "/proposals", data=body, content_type=content_type)

    assert response.status_code == status
    assert response.content_type == "application/problem+json"


def test_a_write_must_name_the_version_it_has_seen(call: Call) -> None:
    begin(call)
    path = "/proposals/INV-2022-0001/transitions/submit"

    assert call("ani", "post", path, json={}).status_code == 428
    stale = call("ani", "post", path, {"If-Match": '"7.0"'}, json={"form": sample("change_plan")})
    assert stale.status_code == 409
    assert stale.json is not None
    assert stale.json["current"] == "1.0"


def test_the_same_key_is_one_command_and_one_answer(call: Call) -> None:
    key = {"Idempotency-Key": "satu"}
    first = call("ani", "post", "/proposals", key, json=COVER)
    again = call("ani", "post", "/proposals", key, json=COVER)
    other = call("ani", "post", "/proposals", key, json=COVER | {"title": "JUDUL LAIN SEKALI"})

    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert other.status_code == 422
    listed = call("ani", "get", "/proposals").json
    assert listed is not None
    assert listed["total"] == 1


def test_refusals_explain_themselves(call: Call) -> None:
    begin(call)
    path = "/proposals/INV-2022-0001/transitions"
    any_version = {"If-Match": "*"}

    wrong_state = call("budi", "post", f"{path}/approve", any_version, json={})
    wrong_role = call("budi", "post", f"{path}/submit", any_version, json={"form": sample("change_plan")})
    unknown = call("ani", "post", f"{path}/fly", any_version, json={})

    assert (wrong_state.status_code, wrong_role.status_code, unknown.status_code) == (409, 403, 404)
    assert wrong_state.json is not None
    assert wrong_state.json["reasons"][0]["guard"] == "state"


def test_what_is_not_yours_does_not_exist(call: Call) -> None:
    begin(call)

    for number in ("INV-2022-0001", "INV-2022-9999", "x" * 300, "'; DROP TABLE cases"):
        assert call("lain", "get", f"/proposals/{number}").status_code == 404
    listed = call("lain", "get", "/proposals").json
    assert listed == {"items": [], "next_cursor": None, "total": 0}
    assert call("ani", "get", "/events").status_code == 403
    assert call("endah", "get", "/events?after=0").status_code == 200


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=9999", "sort=nip", "cursor=x", "year=abc", "tahun=2022"]
)
def test_wrong_parameters_are_named(call: Call, query: str) -> None:
    assert call("endah", "get", f"/proposals?{query}").status_code == 422


def test_pages_follow_each_other_without_gap(call: Call) -> None:
    for turn in range(5):
        begin(call, title=f"INOVASI NOMOR {turn}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = call("endah", "get", f"/proposals?sort=number&limit=2{cursor}").json
        assert page is not None
        seen += [item["number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == [f"INV-2022-{n:04d}" for n in range(1, 6)]


def test_tokens_expire_and_forged_ones_are_refused(app: Flask, call: Call, clock: MovableClock) -> None:
    assert call("ani", "get", "/proposals").status_code == 200
    clock.now += timedelta(days=91)
    assert call("ani", "get", "/proposals").status_code == 401
    forged = app.test_client().get("/api/v1/proposals", headers={"Authorization": "Bearer lct_palsu"})
    assert forged.status_code == 401
    assert app.test_client().get("/api/v1/proposals").status_code == 401


def test_the_description_is_valid_and_complete(app: Flask) -> None:
    document = app.test_client().get("/api/v1/openapi.json").json
    assert document is not None
    validate(document)

    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(m, path) for path, methods in document["paths"].items() for m in methods}


def test_no_page_fails_for_anybody(app: Flask) -> None:
    client: FlaskClient = app.test_client()
    for path in (
        "/",
        "/masuk",
        "/proses",
        "/privasi",
        "/api/docs",
        "/healthz",
        "/readyz",
        "/metrics",
        "/proses/opd_pilot.svg",
    ):
        assert client.get(path).status_code == 200, path
    assert client.get("/usulan").status_code == 302
    assert client.get("/tidak-ada").status_code == 404
