"""The redacted copy: what gives way to the mark, who writes it anew, and how long that lasts."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.blind import IDENTIFYING, TITLE, blind_seminar, in_blind_review
from tests.workflow.test_assignment import ask, asked, judge
from workflow import audit, commands, conflicts, policy, queries, redaction
from workflow.db import Database
from workflow.errors import Forbidden, Invalid, NotFound, Refused, Stale
from workflow.ledger import Actor
from workflow.models import Case, Email
from workflow.people import find_user
from workflow.samples import sample

As = Callable[[Session, str], Actor]


@pytest.fixture(autouse=True)
def blind() -> Iterator[None]:
    with blind_seminar():
        yield


def copy(database: Database, number: str) -> redaction.Copy:
    with database.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        return redaction.copy_of(session, case)


def redact(database: Database, as_: As, number: str, texts: dict[str, str], who: str = "endah") -> None:
    with database.write() as session:
        commands.redact(session, as_(session, who), number, texts)


def test_people_agency_title_and_addresses_give_way_to_the_mark(database: Database, as_: As) -> None:
    form = copy(database, in_blind_review(database, as_)).forms["change_plan"]
    assert form["summary"] == (
        "[disamarkan] bersama [disamarkan] di [disamarkan], di bawah [disamarkan], menamainya [disamarkan]; "
        "hubungi [disamarkan] atau [disamarkan], NIP [disamarkan]."
    )
    assert {row["name"] for row in form["team"]} == {redaction.MARK}
    assert form["main_affair"] == sample("change_plan")["main_affair"]


def test_a_text_written_anew_lasts_as_long_as_the_answer_under_it(database: Database, as_: As) -> None:
    number = in_blind_review(database, as_)
    assert copy(database, number).check is None
    redact(database, as_, number, {"change_plan/summary": "Posyandu mencatat gizi lewat ponsel."})
    found = copy(database, number)
    assert found.forms["change_plan"]["summary"] == "Posyandu mencatat gizi lewat ponsel."
    assert found.check is not None
    assert found.check.current
    assert [text.at for text in found.texts if text.edited] == ["change_plan/summary"]

    with database.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        scope = case.forms["change_plan"] | {"scope": "Seluruh posyandu di Tanon, menurut Ani."}
        case.forms = case.forms | {"change_plan": scope}
    later = copy(database, number)
    assert later.check is not None
    assert not later.check.current
    assert later.forms["change_plan"]["scope"] == "Seluruh posyandu di Tanon, menurut [disamarkan]."
    assert later.forms["change_plan"]["summary"] == "Posyandu mencatat gizi lewat ponsel."


def test_only_those_who_assign_look_and_only_at_what_there_is(database: Database, as_: As) -> None:
    number = in_blind_review(database, as_)
    ask(database, as_, number, "rudi")
    for who, refusal in (("ani", Forbidden), ("haryo", Forbidden), ("rudi", NotFound)):
        with pytest.raises(refusal):
            redact(database, as_, number, {}, who)
    for texts in ({"change_plan/nothing": "x"}, {"change_plan/summary": "  "}):
        with pytest.raises(Invalid) as refused:
            redact(database, as_, number, texts)
        assert [p.pointer for p in refused.value.problems] == [f"/{next(iter(texts))}"]
    with pytest.raises(Stale), database.write() as session:
        commands.redact(session, as_(session, "endah"), number, {}, seen="another")
    with database.read() as session:
        assert list(audit.differences(session)) == []


def test_a_blind_reviewer_finds_the_case_nowhere_and_goes_on_judging(database: Database, as_: As) -> None:
    number = in_blind_review(database, as_)
    ask(database, as_, number, "rudi", "sri")
    judge(database, as_, number, "rudi")
    with database.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        for who in ("rudi", "sri"):
            user = find_user(session, f"{who}@contoh.invalid")
            assert user is not None
            assert policy.is_blind(user, case)
            assert not policy.may_see(user, case)
            assert policy.may_read_redacted(user, case)
            assert session.scalars(select(Case).where(policy.visible(user))).all() == []
            assert policy.discussions(user, case, reviewed_by_me=True, others="at_once") == ()
            assert queries.declarable(session, user) == []
        for who in ("ani", "budi", "yuli", "endah", "retno", "haryo"):
            user = find_user(session, f"{who}@contoh.invalid")
            assert user is not None
            assert not policy.is_blind(user, case)
            assert policy.may_see(user, case)
    with database.write() as session:
        commands.abstain(session, as_(session, "sri"), number, "Saya sedang bertugas di luar daerah.")
    assert asked(database, number) == {"rudi"}


def test_conflicts_are_found_and_declared_as_before(database: Database, as_: As) -> None:
    number = in_blind_review(database, as_)
    with database.write() as session:
        lain = find_user(session, "tuti@contoh.invalid")
        assert lain is not None
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert conflicts.standing(session, case, lain, as_(session, "endah").at)
    with pytest.raises(Refused), database.write() as session:
        commands.assign_reviewer(session, as_(session, "retno"), number, "tuti@contoh.invalid")
    ask(database, as_, number, "rudi")
    with database.write() as session:
        commands.declare_conflict(session, as_(session, "rudi"), number, "Pengusul adalah saudara saya.")
    assert asked(database, number) == set()


def test_mails_to_blind_reviewers_name_nobody_and_those_to_others_do(
    database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = in_blind_review(database, as_)
    ask(database, as_, number, "rudi", "sri")
    with database.write() as session:
        commands.release_reviewer(session, as_(session, "retno"), number, "sri@contoh.invalid")
    run_workers()
    with database.read() as session:
        mails = list(session.scalars(select(Email)))
    blind = [m for m in mails if m.to_address.startswith(("rudi@", "sri@"))]
    assert {m.kind for m in blind} == {"review_requested", "review_released"}
    for mail in blind:
        for said in (mail.subject, mail.text, mail.html):
            assert not [word for word in (*IDENTIFYING, TITLE) if word in said]
        assert f"/telaah/{number}" in mail.text
        assert f"/usulan/{number}" not in mail.text
    assert any(TITLE in m.subject for m in mails if m.to_address.startswith("budi@"))
