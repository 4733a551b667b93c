"""What the API shows to whom, and its lists."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.api_calls import (
    ANY,
    COVER,
    FIRST,
    PDF,
    As,
    begin,
    body,
    in_seminar,
    pointers,
    problem,
    review,
    sqlite,
    submit,
)
from tests.web.conftest import Call
from workflow import validation
from workflow.db import Database
from workflow.samples import sample

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
