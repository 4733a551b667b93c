"""The API's promises to who writes: statuses, problems, versions, once per key, few statements."""

import io
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.web.api_calls import ANY, COVER, FIRST, begin, body, counted, pointers, problem, sqlite, submit
from tests.web.conftest import Call
from workflow import validation
from workflow.db import Database
from workflow.samples import sample

# --- cases --------------------------------------------------------------------------------------------


def test_a_proposal_is_created_and_says_where(call: Call) -> None:
    response = begin(call, form={})

    made = body(response, 201)
    assert validation.problems("proposal", made) == []
    assert response.headers["Location"] == "/api/v1/proposals/INV-2022-0001"
    assert response.headers["ETag"] == '"1.0"'
    assert (made["state"], made["version"], made["owner"]) == ("pkp_proposal.draft", 1, {"name": "Ani"})
    assert made["created_at"] == "2022-09-12T02:00:00Z"
    steps = {t["name"]: t for t in made["transitions"]}
    assert (steps["submit"]["allowed"], steps["submit"]["reasons"]) == (True, [])
    assert [r["guard"] for r in steps["propose"]["reasons"]] == ["outside_cohort"]
    assert urlsplit(made["links"]["self"]).path == response.headers["Location"]


def test_the_way_from_draft_to_the_mentor_s_decision(call: Call) -> None:
    begin(call)
    saved = call("ani", "put", f"{FIRST}/draft", {"If-Match": '"1.0"'}, json={"form": sample("change_plan")})
    assert saved.headers["ETag"] == '"1.1"'
    sent = call("ani", "post", f"{FIRST}/transitions/submit", {"If-Match": saved.headers["ETag"]}, json={})
    decided = call(
        "budi", "post", f"{FIRST}/transitions/approve", {"If-Match": sent.headers["ETag"]}, json={}
    )

    assert body(sent)["forms"]["change_plan"] == sample("change_plan")
    assert body(decided)["state"] == "pkp_proposal.design_seminar"
    assert decided.headers["ETag"] == f'"{body(decided)["version"]}.1"'


@sqlite
def test_every_problem_points_at_its_field(call: Call) -> None:
    assert pointers(begin(call, title="", category="analog", unknown=1)) == {
        "/title",
        "/category",
        "/unknown",
    }
    assert pointers(begin(call, title=" " * 20)) == {"/title"}
    assert pointers(begin(call, agency="nirwana", mentor="x@y.invalid")) == {"/agency", "/mentor"}
    begin(call)
    empty = call("ani", "post", f"{FIRST}/transitions/submit", ANY, json={"form": {}, "note": "tidak perlu"})
    assert "/note" in pointers(empty)
    assert all(p == "/note" or p.startswith("/form") for p in pointers(empty))
    needless = call(
        "ani", "post", f"{FIRST}/transitions/withdraw", ANY, json={"form": {"a": 1}, "note": "batal"}
    )
    assert pointers(needless) == {"/form"}
    draft = call("ani", "put", f"{FIRST}/draft", ANY, json={"form": {"judul_asing": 1}})
    assert pointers(draft) == {"/form/judul_asing"}


@sqlite
@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 400),
        (b"\xff\xfe{", "application/json", 400),
        (b'{"title": NaN}', "application/json", 400),
        (b'{"title": 1e999}', "application/json", 400),
        (b'{"title": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"a": 1, "a": 2}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"title=x", "application/x-www-form-urlencoded", 415),
        (b'"' + b"x" * 1_100_000 + b'"', "application/json", 413),
        (b'{"title": "\\u0000 kosong sekali"}', "application/json", 422),
        (b'{"title": "\\ud800 separuh huruf"}', "application/json", 422),
        (b'{"form": ' + b'{"a":' * 20 + b"1" + b"}" * 21, "application/json", 422),
        ('{"title": "😀"}'.encode(), "application/json", 422),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
    ],
)
def test_bad_bodies_get_their_status(call: Call, data: bytes, content_type: str, status: int) -> None:
    answer = problem(call("ani", "post", "/proposals", data=data, content_type=content_type), status)

    assert ("errors" in answer) == (status in {400, 422})


@sqlite
def test_an_endless_body_is_cut_off(call: Call) -> None:
    stream = io.BytesIO(b'"' + b"x" * 1_500_000)
    endless = call(
        "ani",
        "post",
        "/proposals",
        input_stream=stream,
        environ_overrides={"wsgi.input_terminated": True},
        content_type="application/json",
    )
    problem(endless, 413)


@sqlite
def test_an_answer_stays_small_however_wrong_the_question(call: Call) -> None:
    many = {f"k{n}": n for n in range(5000)} | {"x" * 5000: 1}
    listed = problem(call("ani", "post", "/proposals", json=many), 422)["errors"]
    assert len(listed) == 500


# --- versions -----------------------------------------------------------------------------------------


@sqlite
def test_a_write_must_name_the_version_it_has_seen(call: Call) -> None:
    begin(call)
    path = f"{FIRST}/transitions/submit"
    plan = {"form": sample("change_plan")}

    problem(call("ani", "post", path, json=plan), 428)
    problem(call("ani", "put", f"{FIRST}/draft", json={"form": {}}), 428)
    stale = problem(call("ani", "post", path, {"If-Match": '"7.0"'}, json=plan), 409)
    assert (stale["expected"], stale["current"]) == ("7.0", "1.0")
    problem(call("ani", "post", path, {"If-Match": 'W/"1.0"'}, json=plan), 409)
    body(call("ani", "post", path, {"If-Match": '"7.0", "1.0"'}, json=plan))


def test_of_two_writers_with_one_version_one_wins(app: Flask, token: Callable[..., str], call: Call) -> None:
    begin(call)
    bearer, statuses = token("ani"), []
    start = threading.Barrier(2)

    def write(n: int) -> None:
        headers = {"Authorization": f"Bearer {bearer}", "If-Match": '"1.0"'}
        start.wait()
        answer = app.test_client().put(
            f"/api/v1{FIRST}/draft", headers=headers, json={"form": {}, "transition": "submit"}
        )
        statuses.append((answer.status_code, n))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert sorted(s for s, _ in statuses) == [200, 409]
    assert call("ani", "get", FIRST).headers["ETag"] == '"1.1"'


# --- idempotency --------------------------------------------------------------------------------------


def test_the_same_key_is_one_command_and_one_answer(call: Call) -> None:
    key = {"Idempotency-Key": "satu"}
    first = call("ani", "post", "/proposals", key, json=COVER)
    again = call("ani", "post", "/proposals", key, json=COVER)
    other = call("ani", "post", "/proposals", key, json=COVER | {"title": "JUDUL LAIN SEKALI"})
    stranger = call("budi", "post", "/proposals", key, json=COVER | {"mentor": "ani@contoh.invalid"})

    assert (again.json, again.status_code) == (first.json, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert [again.headers[h] for h in ("Location", "ETag")] == [
        first.headers[h] for h in ("Location", "ETag")
    ]
    assert pointers(other) == {"/Idempotency-Key"}
    assert stranger.status_code == 201
    assert body(call("ani", "get", "/proposals"))["total"] == 2


@sqlite
def test_a_step_is_replayed_though_its_version_is_gone(call: Call) -> None:
    begin(call)
    headers = {"Idempotency-Key": "kirim", "If-Match": '"1.0"'}
    sent = {"form": sample("change_plan")}
    first = call("ani", "post", f"{FIRST}/transitions/submit", headers, json=sent)
    again = call("ani", "post", f"{FIRST}/transitions/submit", headers, json=sent)

    assert body(again) == body(first)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len(body(call("ani", "get", f"{FIRST}/events"))["items"]) == 2


@sqlite
def test_a_refused_command_leaves_its_key_free(call: Call) -> None:
    key = {"Idempotency-Key": "coba"}
    assert call("ani", "post", "/proposals", key, json=COVER | {"agency": "dlh"}).status_code == 422
    assert call("ani", "post", "/proposals", key, json=COVER).status_code == 201
    assert pointers(call("ani", "post", "/proposals", {"Idempotency-Key": "x" * 101}, json=COVER)) == {
        "/Idempotency-Key"
    }


# --- cost -----------------------------------------------------------------------------------------------


def test_a_step_and_a_list_cost_few_statements(call: Call, database: Database) -> None:
    for turn in range(52):
        begin(call, title=f"INOVASI NOMOR {turn}")
    call("endah", "get", "/process")
    with counted(database) as step:
        assert submit(call).status_code == 200
    call("endah", "get", "/proposals?limit=1")
    with counted(database) as listing:
        page = body(call("endah", "get", "/proposals?limit=50"))
    with counted(database) as following:
        call("endah", "get", f"/proposals?limit=50&cursor={page['next_cursor']}")

    assert len(page["items"]) == 50
    assert len(step) <= 15, "\n".join(s[:70] for s in step)
    assert len(listing) <= 8, listing
    assert len(following) <= 8, following


@sqlite
def test_no_page_fails_for_anybody(app: Flask) -> None:
    client = app.test_client()
    pages = ("/", "/masuk", "/proses", "/privasi", "/healthz", "/readyz", "/metrics", "/proses/opd_pilot.svg")
    for path in pages:
        assert client.get(path).status_code == 200, path
    assert client.get("/usulan").status_code == 302
    assert client.get("/tidak-ada").status_code == 404
