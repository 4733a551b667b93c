"""The API's promises: statuses, problems, versions, idempotency, and who sees what."""

import io
import re
import threading
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask_security import hash_password
from openapi_spec_validator import validate
from sqlalchemy import event as sql
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from tests.conftest import MovableClock
from tests.web.conftest import Call
from workflow import commands, validation
from workflow.db import Database
from workflow.evidence_store import LARGEST, clean_name
from workflow.ledger import Actor
from workflow.people import find_user
from workflow.samples import sample

COVER = {
    "title": "SIAGA POSYANDU: gizi balita",
    "category": "digital",
    "agency": "puskesmas-tanon-1",
    "cohort": "pkp-iv-2022",
    "mentor": "budi@contoh.invalid",
}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\0" * 40
FIRST = "/proposals/INV-2022-0001"
ANY = {"If-Match": "*"}
As = Callable[[Any, str], Actor]
sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def begin(call: Call, **changes: object) -> TestResponse:
    return call("ani", "post", "/proposals", json=COVER | changes)


def body(response: TestResponse, status: int = 200) -> Any:  # noqa: ANN401
    """The JSON of an answer that holds to its schema in the description."""
    assert response.status_code == status, response.text
    return response.json


def problem(response: TestResponse, status: int) -> Any:  # noqa: ANN401
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert validation.problems("problem", response.json) == []
    return response.json


def pointers(response: TestResponse, status: int = 422) -> set[str]:
    return {e["pointer"] for e in problem(response, status)["errors"]}


def submit(call: Call, number: str = "INV-2022-0001") -> TestResponse:
    path = f"/proposals/{number}/transitions/submit"
    return call("ani", "post", path, ANY, json={"form": sample("change_plan")})


def in_seminar(call: Call, database: Database, as_: As) -> None:
    """The case stands in its design seminar, with three reviewers."""
    begin(call)
    submit(call)
    call("budi", "post", f"{FIRST}/transitions/approve", ANY, json={})
    for reviewer in ("rudi", "sri", "tono"):
        with database.write() as session:
            who = as_(session, "endah")
            commands.assign_reviewer(session, who, "INV-2022-0001", f"{reviewer}@contoh.invalid")


def review(call: Call, who: str, points: float = 80) -> TestResponse:
    document = sample("design_seminar_review")
    document["scores"] = dict.fromkeys(document["scores"], points)
    return call(who, "post", f"{FIRST}/reviews", json=document)


@contextmanager
def counted(database: Database):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Every statement of the block, BEGIN and COMMIT aside."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    sql.listen(database.engine, "before_cursor_execute", note)
    yield seen
    sql.remove(database.engine, "before_cursor_execute", note)


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


# --- refusals and what stays hidden ---------------------------------------------------------------------


@sqlite
def test_refusals_explain_themselves(call: Call) -> None:
    call("ani", "post", "/proposals", json={k: v for k, v in COVER.items() if k != "mentor"})
    call("ani", "post", "/proposals", json=COVER)
    second = "/proposals/INV-2022-0002/transitions"

    no_mentor = problem(submit(call), 409)
    wrong_state = problem(call("budi", "post", f"{second}/approve", ANY, json={}), 409)
    wrong_role = call("budi", "post", f"{second}/submit", ANY, json={"form": sample("change_plan")})

    assert no_mentor["reasons"] == [
        {"guard": "mentor_named", "message": "Mentor belum ditetapkan.", "fix": "people"}
    ]
    assert wrong_state["reasons"][0]["guard"] == "state"
    problem(wrong_role, 403)
    for unknown in ("fly", "x" * 300, "%00", "pass_design"):
        problem(call("ani", "post", f"{second}/{unknown}", ANY, json={}), 404)


@sqlite
def test_what_is_not_yours_does_not_exist(call: Call) -> None:
    begin(call)

    for number in (
        "INV-2022-0001",
        "INV-2022-9999",
        "x" * 300,
        "'; DROP TABLE cases",
        "%00",
        "INV-٢٠٢٢-0001",
    ):
        for method, rest in (("get", ""), ("get", "/events"), ("get", "/emails"), ("get", "/evidence")):
            problem(call("lain", method, f"/proposals/{number}{rest}"), 404)
        problem(call("lain", "put", f"/proposals/{number}/draft", ANY, json={"form": {}}), 404)
    problem(call("lain", "post", f"{FIRST}/evidence", data={"file": (io.BytesIO(PDF), "a.pdf")}), 404)
    problem(call("dimas", "get", FIRST), 404)
    assert body(call("lain", "get", "/proposals")) == {"items": [], "next_cursor": None, "total": 0}
    assert pointers(call("lain", "get", "/proposals?cursor=INV-2022-0001")) == {"/cursor"}
    problem(call("ani", "get", "/events"), 403)


@sqlite
def test_reviews_are_read_only_by_those_who_may(call: Call, database: Database, as_: As) -> None:
    in_seminar(call, database, as_)
    given = review(call, "rudi", 81.0)

    def seen(who: str) -> list[Any]:
        return [
            e["content"]
            for e in body(call(who, "get", f"{FIRST}/events"))["items"]
            if e["name"] == "case.reviewed"
        ]

    assert body(given, 201)["score"] == 81
    assert [seen(who) for who in ("ani", "budi", "sri")] == [[None], [None], [None]]
    assert all(seen(who)[0]["review"]["scores"] for who in ("rudi", "endah", "retno", "haryo"))
    assert "salt" not in seen("endah")[0]
    assert {who: body(call(who, "get", FIRST))["score"] for who in ("ani", "sri", "endah")} == {
        "ani": None,
        "sri": None,
        "endah": 81,
    }
    assert problem(review(call, "rudi"), 409)["reasons"][0]["guard"] == "reviewed"
    problem(review(call, "ani"), 403)
    assert "/scores" in {
        p[:7] for p in pointers(call("sri", "post", f"{FIRST}/reviews", json={"scores": {}}))
    }


@sqlite
def test_a_decided_round_tells_the_proposer_the_score(
    call: Call, database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    in_seminar(call, database, as_)
    for reviewer in ("rudi", "sri", "tono"):
        assert review(call, reviewer).status_code == 201
    run_workers()

    case = body(call("ani", "get", FIRST))
    assert (case["state"], case["score"]) == ("pkp_proposal.implementation", 80)
    assert validation.problems("proposal", case) == []


@sqlite
def test_mails_are_one_s_own_or_the_office_s(call: Call, run_workers: Callable[[], None]) -> None:
    begin(call)
    submit(call)
    run_workers()

    def recipients(who: str) -> set[str]:
        answer = call(who, "get", f"{FIRST}/emails")
        assert "@" not in answer.text.replace("inovasi@", "")
        return {m["recipient"]["name"] for m in body(answer)["items"]}

    assert (recipients("ani"), recipients("budi")) == ({"Ani"}, {"Budi"})
    assert [recipients(who) for who in ("endah", "retno", "haryo")] == [{"Ani", "Budi"}] * 3
    mail = body(call("ani", "get", f"{FIRST}/emails"))["items"][0]
    assert validation.problems("email", mail) == []


@sqlite
def test_events_tell_who_did_what_and_the_feed_goes_on(call: Call) -> None:
    begin(call)
    submit(call)
    own = body(call("ani", "get", f"{FIRST}/events"))["items"]

    assert [e["name"] for e in own] == ["case.created", "pkp_proposal.submitted"]
    assert own[0]["data"]["people"] == {"proposer": {"name": "Ani"}, "mentor": {"name": "Budi"}}
    assert all(validation.problems("event", e) == [] for e in own)
    first = body(call("endah", "get", "/events?after=0&limit=1"))
    second = body(call("haryo", "get", f"/events?after={first['next_after']}"))
    assert [e["seq"] for e in first["items"] + second["items"]] == [1, 2]
    end = body(call("haryo", "get", f"/events?after={second['next_after']}"))
    assert end == {"items": [], "next_after": second["next_after"]}


# --- lists --------------------------------------------------------------------------------------------


@sqlite
@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=201", "/limit"),
        ("limit=9" + "9" * 400, "/limit"),
        ("limit=ten", "/limit"),
        ("limit=", "/limit"),
        ("limit=1&limit=2", "/limit"),
        ("sort=nip", "/sort"),
        ("cursor=x", "/cursor"),
        ("cursor=INV-2022-9999", "/cursor"),
        ("year=abc", "/year"),
        ("year=99999999999", "/year"),
        ("tahun=2022", "/tahun"),
        ("a/b~c=1", "/a~1b~0c"),
        ("stage=surga", "/stage"),
        ("state=draft", "/state"),
        ("category=analog", "/category"),
        ("owner=nobody", "/owner"),
        ("agency=%00", "/agency"),
        ("q=%00", "/q"),
        ("q=" + "x" * 201, "/q"),
    ],
)
def test_wrong_parameters_are_named(call: Call, query: str, pointer: str) -> None:
    assert pointers(call("endah", "get", f"/proposals?{query}")) == {pointer}


@sqlite
@pytest.mark.parametrize("path", ["/process", FIRST, f"{FIRST}/events", "/events"])
def test_no_route_ignores_a_parameter(call: Call, path: str) -> None:
    begin(call)
    assert pointers(call("endah", "get", f"{path}?foo=1")) == {"/foo"}


@sqlite
@pytest.mark.parametrize("query", ["after=-1", "after=99999999999", "limit=1001", "after=x"])
def test_the_feed_knows_its_bounds(call: Call, query: str) -> None:
    assert pointers(call("endah", "get", f"/events?{query}")) == {f"/{query.partition('=')[0]}"}


@sqlite
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("stage=pkp_proposal", 2),
        ("stage=competition", 0),
        ("state=pkp_proposal.mentor_review", 1),
        ("category=non_digital", 1),
        ("agency=dinkes", 2),
        ("agency=dlh", 0),
        ("cohort=pkp-iv-2022", 2),
        ("year=2022", 2),
        ("year=2023", 0),
        ("owner=mentor", 1),
        ("q=", 2),
        ("q=%20", 2),
        ("q=gizi", 1),
        ("q=%25_", 0),
        ("q=😀", 0),
    ],
)
def test_filters_narrow(call: Call, query: str, found: int) -> None:
    begin(call)
    begin(call, title="BERKAS KELUARGA", category="non_digital")
    submit(call, "INV-2022-0002")
    assert body(call("endah", "get", f"/proposals?{query}"))["total"] == found


@sqlite
@pytest.mark.parametrize("sort", ["number", "-number", "title", "-updated_at", "due_at", "-due_at"])
def test_pages_follow_each_other_without_gap(call: Call, sort: str) -> None:
    for turn in range(5):
        begin(call, title=f"INOVASI NOMOR {turn}")
    submit(call, "INV-2022-0002")
    seen: list[str] = []
    path: str | None = f"/proposals?sort={sort}&limit=2&q=inovasi"
    while path:
        answer = call("endah", "get", path)
        seen += [item["number"] for item in body(answer)["items"]]
        links = dict(re.findall(r'</api/v1(\S*)>; rel="(\w+)"', ", ".join(answer.headers.getlist("Link"))))
        found = {rel: target for target, rel in links.items()}
        assert ("next" in found) == (body(answer)["next_cursor"] is not None)
        assert ("prev" in found) == (len(seen) > 2)
        path = found.get("next")

    assert sorted(seen) == [f"INV-2022-{n:04d}" for n in range(1, 6)]


# --- evidence -------------------------------------------------------------------------------------------


def upload(
    call: Call,
    content: bytes = PDF,
    name: str = "Izin.pdf",
    headers: dict[str, str] | None = None,
    **fields: object,
) -> TestResponse:
    posted = multipart({"file": FileStorage(io.BytesIO(content), name), "field": "permission", **fields})
    return call("ani", "post", f"{FIRST}/evidence", headers, **posted)


def test_a_part_without_a_name_is_a_problem_and_no_fault(call: Call) -> None:
    body = b"--x\r\nContent-Disposition: form-data\r\n\r\nhm\r\n--x--\r\n"

    answer = call("endah", "post", "/imports", data=body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 422
    assert {"pointer": "/", "message": "Isian ini tidak dikenal."} in (answer.json or {})["errors"]


def multipart(fields: dict[str, Any]) -> dict[str, Any]:
    """In memory: the test client's own temporary files are left to the garbage collector."""
    boundary, data = encode_multipart(fields)
    return {"data": data, "content_type": f"multipart/form-data; boundary={boundary}"}


@sqlite
def test_evidence_is_kept_listed_and_fetched(call: Call, tmp_path: Path) -> None:
    begin(call)
    letter: dict[str, Any] = {
        "letter_number": "800/12",
        "letter_date": "2022-09-01",
        "letter_subject": "Izin",
    }
    response = upload(call, name="../../x/Izin\x07 Kepala.PDF", **letter)

    made = body(response, 201)
    assert validation.problems("evidence", made) == []
    assert (made["file_name"], made["media_type"], made["letter_date"]) == (
        "Izin Kepala.PDF",
        "application/pdf",
        "2022-09-01",
    )
    digest = made["sha256"]
    assert (tmp_path / "evidence" / digest[:2] / digest).read_bytes() == PDF
    assert body(call("budi", "get", f"{FIRST}/evidence"))["items"] == [made]
    fetched = call("budi", "get", response.headers["Location"].removeprefix("/api/v1"))
    assert fetched.data == PDF
    assert fetched.headers["Content-Type"] == "application/pdf"
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.headers["Content-Disposition"].startswith("attachment;")
    assert fetched.headers["Cache-Control"] == "no-store"
    fetched.close()
    problem(call("lain", "get", f"{FIRST}/evidence/{made['id']}"), 404)
    problem(call("budi", "get", f"{FIRST}/evidence/{'9' * 30}"), 404)
    assert problem(upload(call), 409)["reasons"][0]["guard"] == "duplicate"
    problem(
        call("budi", "post", f"{FIRST}/evidence", data={"file": (io.BytesIO(PNG), "x.png"), "field": "a"}),
        403,
    )
    assert [p.name for p in (tmp_path / "evidence").iterdir()] == [digest[:2]]


@sqlite
def test_evidence_is_judged_by_its_content(call: Call, tmp_path: Path) -> None:
    begin(call)
    for content, media_type in ((PNG, "image/png"), (JPEG, "image/jpeg")):
        assert body(upload(call, content, "menyamar.pdf"), 201)["media_type"] == media_type
    for content in (b"", b"<html><script>", b"MZ" + b"\0" * 99, b"halo", b"PK\x03\x04" + b"\0" * 50):
        assert pointers(upload(call, content)) == {"/file"}
    problem(upload(call, PDF + b"x" * LARGEST), 413)
    problem(upload(call, PDF + b"x" * (LARGEST + 200_000)), 413)
    kept = [p for p in (tmp_path / "evidence").rglob("*") if p.is_file()]
    assert len(kept) == 2


@sqlite
def test_evidence_names_every_wrong_field(call: Call) -> None:
    begin(call)
    wrong = upload(call, letter_date="kemarin", indicator="nomor enam belas", asing="1", letter_number="\x00")
    assert pointers(wrong) == {"/letter_date", "/indicator", "/asing", "/letter_number"}
    wrong = upload(call, letter_date="kemarin", indicator="nomor enam belas", asing="1")
    assert pointers(wrong) == {"/letter_date", "/indicator", "/asing"}
    assert pointers(
        call("ani", "post", f"{FIRST}/evidence", data={"field": "a"}, content_type="multipart/form-data")
    ) == {"/file"}
    assert pointers(upload(call, field="")) == {"/field"}
    problem(call("ani", "post", f"{FIRST}/evidence", json={}), 415)


@sqlite
def test_an_upload_with_a_key_is_one_upload(call: Call) -> None:
    begin(call)
    key = {"Idempotency-Key": "bukti"}
    first, again = upload(call, headers=key), upload(call, headers=key)

    assert (body(again, 201), again.headers["Location"]) == (body(first, 201), first.headers["Location"])
    assert again.headers["Idempotent-Replayed"] == "true"
    assert upload(call, PNG, headers=key).status_code == 422


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("surat.pdf", "surat.pdf"),
        ("/etc/passwd", "passwd.pdf"),
        ("..\\..\\x.exe", "x.exe.pdf"),
        ("a\r\nSet-Cookie: b.pdf", "aSet-Cookie b.pdf"),
        ("\u202efdp.exe", "fdp.exe.pdf"),
        ("", "bukti.pdf"),
        ("....", "bukti.pdf"),
        ("x" * 500 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_file_names_are_cleaned(given: str, kept: str) -> None:
    assert clean_name(given, "application/pdf") == kept


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
