"""A revision as a checklist, as its people meet it: pages without script, the API, the mail, the fold."""

import io
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.web.api_calls import ANY, PDF, body, pointers
from tests.web.conftest import Call
from tests.web.test_pages import hidden
from tests.web.test_reviewing import Browse, browse
from tests.workflow.test_assignment import ask, in_review, judge
from workflow import commands, fold, revision
from workflow.db import Database
from workflow.errors import Invalid, Refused
from workflow.ledger import Actor
from workflow.models import Case, Email
from workflow.samples import sample

__all__ = ["browse"]

As = Callable[[Session, str], Actor]
FIRST = {"/answers/0/request": "1", "/answers/0/outcome": "done", "/answers/1/request": "2"}
NOTE = "Mohon rancangan diperbaiki."
SUMMARY = sample("change_plan")["summary"] + " di posyandu."
SINCE_MINE = "Yang berubah sejak Anda terakhir menilai"
SINCE_RETURN = "Yang berubah sejak usulan dikembalikan"
ASKED = [
    {"at": "change_plan.summary", "text": "Sebutkan layanannya."},
    {"at": "whole", "text": "Ringkas menjadi satu gagasan."},
]


def returned(database: Database, as_: As, asked: list[dict[str, str]]) -> str:
    """A plan that two reviewers were asked about and that was returned; one of them had judged it."""
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri")
    judge(database, as_, number, "rudi")
    send_back(database, as_, number, asked)
    return number


def send_back(database: Database, as_: As, number: str, asked: list[dict[str, str]]) -> None:
    with database.write() as session:
        commands.advance(
            session, as_(session, "retno"), number, "call_revision", note=NOTE, form={"requests": asked}
        )


def answer(database: Database, as_: As, number: str, *answers: tuple[int, str]) -> None:
    form = {
        "answers": [{"request": n, "outcome": o, "explanation": "Sudah sesuai pedoman."} for n, o in answers]
    }
    with database.write() as session:
        commands.advance(session, as_(session, "ani"), number, "answer_requests_on_design", form=form)


def resubmit(database: Database, as_: As, number: str, **changes: str) -> None:
    with database.write() as session:
        form = sample("change_plan") | changes
        commands.advance(session, as_(session, "ani"), number, "resubmit_design", form=form)


def standing(database: Database, number: str) -> list[tuple[int, str, str | None]]:
    with database.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert list(fold.differences(session)) == []
        return [(r.number, r.text, r.outcome) for r in revision.requests(case)]


def test_a_coordinator_pins_requests_without_script(browse: Browse, database: Database, as_: As) -> None:
    number = in_review(database, as_)
    retno, address = browse("retno"), f"/usulan/{number}/langkah/call_revision"
    page = retno.get(address).text
    first = {"/requests/0/at": "whole", "/requests/0/text": ASKED[1]["text"], "note": NOTE}
    posted = {**hidden(retno, address), "section": "periksa"}
    more = retno.post(address, data={**posted, **first, "_action": "add:/requests"}).text
    wrong = retno.post(
        address, data={**posted, **first, "/requests/0/at": "decree.number", "_action": "submit"}
    )
    done = retno.post(address, data={**posted, **first, "_action": "submit"})

    assert 'value="change_plan.summary"' in page
    assert 'value="evidence"' in page
    assert 'name="/requests/1/at"' in more
    assert ASKED[1]["text"] in more
    assert wrong.status_code == 422
    assert "Bagian ini tidak ada" in wrong.text
    assert done.status_code == 302
    assert standing(database, number) == [(1, ASKED[1]["text"], None)]


def test_the_proposer_sees_requests_at_the_fields_and_answers_each(
    browse: Browse, database: Database, as_: As
) -> None:
    number = returned(database, as_, ASKED)
    ani, base = browse("ani"), f"/usulan/{number}/langkah"
    address = f"{base}/answer_requests_on_design"
    wizard = ani.get(f"{base}/resubmit_design?bagian=idea").text
    with pytest.raises(Refused) as refusal:
        resubmit(database, as_, number)
    posted = {**hidden(ani, address), "section": "periksa", **FIRST}
    kept = ani.post(f"{address}/draf", data=posted)
    again = ani.get(address).text
    posted["version"] = hidden(ani, address)["version"]
    posted |= {"/answers/1/outcome": "explained", "_action": "submit"}
    silent = ani.post(address, data=posted)
    posted["/answers/1/explanation"] = "Kedua gagasan saling bergantung."
    done = ani.post(address, data=posted)

    assert re.search(r"Diminta diperbaiki:</b>\s+Sebutkan layanannya", wizard)
    assert ASKED[1]["text"] in wizard
    assert "2 permintaan perbaikan belum dijawab" in refusal.value.reasons[0].message
    assert refusal.value.reasons[0].fix == "answer_requests_on_design"
    assert "Permintaan 2: Keseluruhan</legend>" in again
    assert ASKED[0]["text"] in again
    assert (kept.status_code, silent.status_code, done.status_code) == (200, 422, 302)
    assert re.search(r'<option value="done" selected', again)
    assert "Jelaskan mengapa bagian ini tidak diubah" in silent.text
    assert [outcome for *_rest, outcome in standing(database, number)] == ["done", "explained"]
    resubmit(database, as_, number)


def test_the_second_review_shows_answers_and_what_changed_since_the_last(
    browse: Browse, database: Database, as_: As
) -> None:
    number = returned(database, as_, ASKED)
    answer(database, as_, number, (1, "done"), (2, "explained"))
    resubmit(database, as_, number, summary=SUMMARY)
    page = browse("rudi").get(f"/telaah/{number}").text

    assert SINCE_MINE in page
    assert "posyandu.</ins>" in page
    assert "Sudah sesuai pedoman." in page
    assert ASKED[0]["text"] in page


@given(asked=st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_requests_are_never_lost_over_any_rounds(asked: list[int]) -> None:
    rounds = [[{"at": "whole", "text": f"Permintaan {r}.{i}"} for i in range(n)] for r, n in enumerate(asked)]
    case = Case(forms={revision.REQUESTS: [{"requests": held} for held in rounds], revision.ANSWERS: []})
    wanted = [item["text"] for held in rounds for item in held]

    assert [request.text for request in revision.unanswered(case)] == wanted
    for number in range(1, len(wanted) + 1):
        case.forms[revision.ANSWERS].append({"answers": [{"request": number, "outcome": "done"}]})
        assert [request.text for request in revision.unanswered(case)] == wanted[number:]
    assert [request.text for request in revision.requests(case)] == wanted


def test_a_second_return_asks_anew_and_keeps_the_first(
    database: Database, as_: As, clock: MovableClock
) -> None:
    number = returned(database, as_, ASKED)
    answer(database, as_, number, (1, "done"), (2, "done"))
    resubmit(database, as_, number)
    clock.tick(days=1)
    send_back(database, as_, number, [{"at": "evidence", "text": "Unggah surat tugas tim."}])
    with pytest.raises(Refused):
        resubmit(database, as_, number)
    with pytest.raises(Invalid):
        answer(database, as_, number, (1, "done"))

    assert standing(database, number) == [
        (1, ASKED[0]["text"], "done"),
        (2, ASKED[1]["text"], "done"),
        (3, "Unggah surat tugas tim.", None),
    ]


def test_a_new_reviewer_sees_what_changed_since_the_return(
    browse: Browse, database: Database, as_: As
) -> None:
    number = returned(database, as_, [])
    resubmit(database, as_, number, summary=SUMMARY)
    ask(database, as_, number, "tono")
    page = browse("tono").get(f"/telaah/{number}").text

    assert SINCE_RETURN in page
    assert "posyandu.</ins>" in page


def test_a_return_by_the_system_still_shows_what_changed(
    browse: Browse, database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri")
    before = browse("sri").get(f"/telaah/{number}").text
    for name in ("rudi", "sri"):
        judge(database, as_, number, name, score=40)
    run_workers()
    resubmit(database, as_, number, summary=SUMMARY)
    page = browse("rudi").get(f"/telaah/{number}").text

    assert SINCE_MINE not in before
    assert SINCE_RETURN not in before
    assert SINCE_MINE in page
    assert "posyandu.</ins>" in page
    assert page.count('class="change-side"') == 2


def test_the_mail_lists_what_was_asked_and_where(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    returned(database, as_, ASKED)
    run_workers()

    with database.read() as session:
        sent = session.scalars(select(Email).where(Email.kind == "revision_requested")).all()
    assert {mail.to_address for mail in sent} == {"ani@contoh.invalid", "budi@contoh.invalid"}
    for mail in sent:
        lines = [line for line in mail.text.splitlines() if line.startswith("> ")]
        assert lines == [
            f"> {NOTE}",
            "> Ringkasan gagasan: Sebutkan layanannya.",
            "> Keseluruhan: Ringkas menjadi satu gagasan.",
        ]


def test_the_api_takes_requests_pinned_to_a_file_and_their_answers(
    call: Call, browse: Browse, database: Database, as_: As
) -> None:
    number = in_review(database, as_)
    steps = f"/proposals/{number}/transitions"
    posted = {"file": (io.BytesIO(PDF), "surat tugas.pdf"), "field": "team"}
    file = body(call("ani", "post", f"/proposals/{number}/evidence", data=posted), 201)["id"]

    def ask_at(place: str) -> dict[str, object]:
        return {"note": NOTE, "form": {"requests": [{"at": place, "text": "Bubuhkan tanda tangan."}]}}

    elsewhere = call("retno", "post", f"{steps}/call_revision", ANY, json=ask_at(f"evidence.{file + 1}"))
    body(call("retno", "post", f"{steps}/call_revision", ANY, json=ask_at(f"evidence.{file}")))
    early = call("ani", "post", f"{steps}/resubmit_design", ANY, json={"form": sample("change_plan")})
    answers = {"answers": [{"request": 1, "outcome": "explained"}]}
    silent = call("ani", "post", f"{steps}/answer_requests_on_design", ANY, json={"form": answers})
    answers["answers"][0]["explanation"] = "Surat ditandatangani secara elektronik."
    body(call("ani", "post", f"{steps}/answer_requests_on_design", ANY, json={"form": answers}))
    held = body(call("ani", "get", f"/proposals/{number}"))["forms"]

    assert pointers(elsewhere) == {"/form/requests/0/at"}
    assert [reason["fix"] for reason in body(early, 409)["reasons"]] == ["answer_requests_on_design"]
    assert pointers(silent) == {"/form/answers/0/explanation"}
    assert held[revision.ANSWERS] == [answers]
    assert "Bukti dukung: surat tugas.pdf" in browse("ani").get(f"/usulan/{number}").text
