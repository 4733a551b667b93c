"""Who calls the API, and its own description."""

import io
import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask_security import hash_password
from openapi_spec_validator import validate
from werkzeug.datastructures import FileStorage

from tests.conftest import MovableClock
from tests.web.api_calls import COVER, FIRST, PDF, begin, body, multipart, problem, sqlite, submit
from tests.web.conftest import Call
from workflow import validation
from workflow.db import Database
from workflow.people import find_user

# --- who calls ------------------------------------------------------------------------------------------


@sqlite
def test_tokens_expire_and_forged_ones_are_refused(app: Flask, call: Call, clock: MovableClock) -> None:
    assert call("ani", "get", "/proposals").status_code == 200
    clock.now += timedelta(days=91)
    problem(call("ani", "get", "/proposals"), 401)
    client = app.test_client()
    for header in ("Bearer lct_palsu", "Bearer", "Basic YTpi", "", "Bearer " + "x" * 5000):
        refused = client.get("/api/v1/proposals", headers={"Authorization": header})
        problem(refused, 401)
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    problem(client.get("/api/v1/proposals"), 401)
    problem(client.post("/api/v1/proposals", json=COVER), 401)


@sqlite
def test_a_token_reaches_as_far_as_its_scope(app: Flask, token: Callable[..., str]) -> None:
    client = app.test_client()
    reader = {"Authorization": f"Bearer {token('ani', 'read')}"}
    writer = {"Authorization": f"Bearer {token('ani', 'write')}"}

    assert client.get("/api/v1/proposals", headers=reader).status_code == 200
    problem(client.post("/api/v1/proposals", headers=reader, json=COVER), 403)
    problem(client.get("/api/v1/proposals", headers=writer), 403)
    assert client.post("/api/v1/proposals", headers=writer, json=COVER).status_code == 201


@sqlite
def test_token_calls_leave_no_cookie_and_nothing_is_stored(call: Call) -> None:
    answers = [begin(call), call("ani", "get", "/proposals"), call("ani", "get", "/tidak-ada"), submit(call)]
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"


@sqlite
def test_a_session_reads_and_writes_with_its_csrf_token(app: Flask, database: Database) -> None:
    with app.app_context():
        hashed = hash_password("sandi yang panjang sekali")
    with database.write() as session:
        user = find_user(session, "ani@contoh.invalid")
        assert user is not None
        user.password, user.email = hashed, "ani@sragenkab.go.id"
    client = app.test_client()

    def csrf() -> str:
        found = re.search(
            r'name="csrf-token" content="([^"]+)"', client.get("/masuk").text + client.get("/").text
        )
        assert found is not None
        return found[1]

    entered = {"email": "ani@sragenkab.go.id", "password": "sandi yang panjang sekali", "csrf_token": csrf()}
    entering = client.post("/masuk", data=entered)
    assert entering.status_code == 302, re.findall(r"problem.*", entering.text)

    assert body(client.get("/api/v1/proposals"))["total"] == 0
    problem(client.post("/api/v1/proposals", json=COVER), 403)
    headers = {"X-CSRFToken": csrf()}
    assert client.post("/api/v1/proposals", json=COVER, headers=headers).status_code == 201
    big = multipart(
        {"file": FileStorage(io.BytesIO(PDF + b"x" * 4_000_000), "besar.pdf"), "field": "permission"}
    )
    assert client.post(f"/api/v1{FIRST}/evidence", headers=headers, **big).status_code == 201
    mixed = headers | {"Authorization": "Bearer lct_palsu"}
    problem(client.post("/api/v1/proposals", json=COVER, headers=mixed), 401)


@sqlite
def test_unknown_routes_and_methods_are_problems_too(app: Flask, call: Call) -> None:
    problem(call("ani", "get", "/tidak-ada"), 404)
    problem(app.test_client().post("/api/v1/tidak-ada"), 404)
    refused = call("ani", "delete", "/proposals")
    problem(refused, 405)
    assert {"GET", "POST"} <= set(refused.headers["Allow"].split(", "))
    problem(call("ani", "patch", FIRST), 405)


# --- the description ------------------------------------------------------------------------------------


@sqlite
def test_the_process_and_every_schema_are_served(app: Flask) -> None:
    client = app.test_client()
    process = body(client.get("/api/v1/process"))
    assert validation.problems("process_view", process) == []
    for name in (*process["forms"], *process["rubrics"], "proposal", "process"):
        served = client.get(f"/api/v1/schemas/{name}")
        assert served.content_type == "application/schema+json"
        assert body(served) == validation.schema(name)
    for name in ("../process", "tidak_ada", "%00"):
        problem(client.get(f"/api/v1/schemas/{name}"), 404)


@sqlite
def test_the_description_is_valid_and_complete(app: Flask) -> None:
    document = body(app.test_client().get("/api/v1/openapi.json"))
    validate(document)

    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(m, path) for path, methods in document["paths"].items() for m in methods}
    assert document["components"]["schemas"]["change_plan"]["x-ui"]
    assert "$id" not in document["components"]["schemas"]["change_plan"]


@sqlite
def test_the_documentation_shows_every_route(app: Flask) -> None:
    document = body(app.test_client().get("/api/v1/openapi.json"))
    page = app.test_client().get("/api/docs")

    assert page.status_code == 200
    for path in document["paths"]:
        assert f"<code>{path}</code>" in page.text
    assert page.text.count("curl http") == sum(len(methods) for methods in document["paths"].values())
    assert '<script src="http' not in page.text
