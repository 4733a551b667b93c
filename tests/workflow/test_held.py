"""Held decisions: told to nobody, released once, in the words chosen for their mails, or void."""

from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.workflow.test_assignment import ask, in_review, judge, together
from workers.deadlines import scan
from workers.office import Office as Deadlines
from workers.preview import previews
from workflow import audit, commands, fold, held
from workflow.db import Database
from workflow.errors import Forbidden, Invalid, NotFound, Refused
from workflow.ledger import Actor
from workflow.models import Case, Email, Event, HeldDecision
from workflow.settings import Settings

As = Callable[[Session, str], Actor]
WHY = "Penguji sepakat setelah pembahasan."
SETTLED = "pkp_proposal.implementation"
OWN = {
    "subject": "Selamat, rancangan Anda lulus",
    "body": "Rancangan Anda <b>lulus</b>.\n\n> {{ case.url }}\n\nBaca: https://contoh.invalid/a",
}


class Office:
    """A case in deliberation, and what is done about it."""

    def __init__(self, database: Database, as_: As, settings: Settings, clock: MovableClock) -> None:
        self.database, self.as_, self.clock = database, as_, clock
        self.write_mails = previews(settings, database, clock)

    def hold(self, who: str = "endah", step: str = "settle_design", note: str = WHY, number: str = "") -> int:
        with self.database.write() as session:
            number = number or session.scalars(select(Case.number)).one()
            return commands.hold_decision(session, self.as_(session, who), number, step, note=note).id

    def release(self, row: int, who: str = "endah") -> None:
        with self.database.write() as session:
            commands.release_decision(session, self.as_(session, who), row)

    def withdraw(self, row: int, who: str = "endah") -> None:
        with self.database.write() as session:
            commands.withdraw_decision(session, self.as_(session, who), row)

    def rehearse(self, row: int) -> Sequence[held.Mail]:
        """The mails of a decision, by releasing it and taking everything back."""
        with self.database.rehearsal() as session:
            event = commands.release_decision(session, self.as_(session, "endah"), row)
            return self.write_mails(session, event, self.clock())

    def step(self, who: str, step: str, note: str = WHY) -> None:
        with self.database.write() as session:
            number = session.scalars(select(Case.number)).one()
            commands.advance(session, self.as_(session, who), number, step, note=note)

    def state(self) -> str:
        with self.database.read() as session:
            assert list(fold.differences(session)) == []
            assert audit.verify(session).intact
            return session.scalars(select(Case.state)).one()

    def events(self) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(Event)) or 0

    def row(self, row: int) -> HeldDecision:
        with self.database.read() as session:
            return session.scalars(select(HeldDecision).where(HeldDecision.id == row)).unique().one()


@pytest.fixture
def office(
    database: Database,
    as_: As,
    settings: Settings,
    clock: MovableClock,
    run_workers: Callable[[], None],
) -> Office:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri", "tono")
    for name, score in (("rudi", 95), ("sri", 90), ("tono", 55)):
        judge(database, as_, number, name, score)
    run_workers()
    return Office(database, as_, settings, clock)


def test_what_is_held_is_told_to_nobody_and_released_as_the_step_it_is(
    office: Office, run_workers: Callable[[], None]
) -> None:
    before = office.events()
    row = office.hold()
    run_workers()
    still = office.events(), office.state()
    office.release(row, "wulan")
    run_workers()

    assert still == (before, "pkp_proposal.design_deliberation")
    assert office.state() == SETTLED
    with office.database.read() as session:
        event = session.scalars(select(Event).where(Event.name == "pkp_proposal.design_settled")).one()
        told = set(session.scalars(select(Email.to_address).where(Email.event_id == event.id)))
    assert (event.content or {})["note"] == WHY
    assert event.data["held"]["user"] == office.row(row).held_by
    assert office.row(row).outcome == held.RELEASED
    assert told == {"ani@contoh.invalid", "budi@contoh.invalid"}


def test_the_mails_shown_are_the_mails_sent_and_the_words_chosen_are_those_of_the_event(
    office: Office, run_workers: Callable[[], None]
) -> None:
    row = office.hold()
    first = {mail.address: mail for mail in office.rehearse(row)}
    with office.database.write() as session:
        key = first["ani@contoh.invalid"].key
        commands.write_mail(session, office.as_(session, "wulan"), row, key, OWN)
    shown = {mail.address: mail for mail in office.rehearse(row)}
    quiet = office.state()
    office.release(row)
    run_workers()

    with office.database.read() as session:
        event = session.scalars(select(Event).where(Event.name == "pkp_proposal.design_settled")).one()
        sent = {m.to_address: m for m in session.scalars(select(Email).where(Email.event_id == event.id))}
    assert quiet == "pkp_proposal.design_deliberation"
    assert {a: m.text for a, m in shown.items()} == {a: m.text for a, m in sent.items()}
    assert shown["budi@contoh.invalid"].text == first["budi@contoh.invalid"].text
    assert [m.edited for m in shown.values()] == [True, False]
    hers = sent["ani@contoh.invalid"]
    assert hers.subject == f"[Inovasi Sragen] {OWN['subject']}"
    assert "Rancangan Anda <b>lulus</b>." in hers.text
    assert "&lt;b&gt;lulus&lt;/b&gt;" in hers.html
    assert "{{ case.url }}" in hers.html
    assert 'href="https://contoh.invalid/a"' in hers.html
    assert "Anda menerima surel ini karena" in hers.text
    assert (event.content or {})["mails"] == {key: OWN}
    assert office.state() == SETTLED


def test_two_who_release_at_once_release_each_decision_once(
    office: Office, run_workers: Callable[[], None]
) -> None:
    row = office.hold()
    refused: list[str] = []

    def release(who: str) -> None:
        try:
            office.release(row, who)
        except Refused as fault:
            refused.append(fault.message)

    together(lambda: release("endah"), lambda: release("wulan"))
    run_workers()

    with office.database.read() as session:
        count = session.scalar(select(func.count()).where(Event.name == "pkp_proposal.design_settled"))
        mails = session.scalar(select(func.count()).where(Email.kind == "approved"))
    assert (count, mails, len(refused)) == (1, 3, 1)  # one of the mentor's approval, two of this
    assert "sudah dirilis oleh" in refused[0]


def test_a_withdrawn_decision_is_undone_and_may_be_made_again(office: Office) -> None:
    before = office.events()
    row = office.hold()
    office.withdraw(row, "wulan")
    with pytest.raises(Refused, match="sudah ditarik oleh Wulan"):
        office.release(row)
    again = office.hold(step="reject", note="Tidak dapat dilanjutkan.")
    replaced = office.hold()

    assert (office.events(), office.state()) == (before, "pkp_proposal.design_deliberation")
    assert [office.row(r).outcome for r in (row, again, replaced)] == [held.WITHDRAWN, held.REPLACED, None]


def test_a_decision_whose_case_went_another_way_is_void_and_says_so(office: Office, as_: As) -> None:
    row = office.hold()
    office.step("ani", "withdraw")
    with pytest.raises(Refused, match="sudah berpindah ke “Ditarik”"):
        office.release(row)
    with office.database.read() as session:
        (listed,) = held.listed(session, as_(session, "endah").user)  # type: ignore[arg-type]
        told = session.scalars(select(Event.name).where(Event.seq == listed.ended_by_event)).all()
    with office.database.write() as session:
        commands.put_away(session, as_(session, "endah"), row)
    with office.database.read() as session:
        gone = held.listed(session, as_(session, "endah").user)  # type: ignore[arg-type]

    assert (listed.outcome, told, gone) == (held.VOID, ["pkp_proposal.withdrawn"], [])
    assert office.state() == "pkp_proposal.withdrawn"


def test_a_case_that_changed_meanwhile_is_left_out_until_it_is_decided_on_again(
    office: Office, as_: As
) -> None:
    row = office.hold()
    with office.database.write() as session:
        number = session.scalars(select(Case.number)).one()
        commands.hand_over(session, as_(session, "retno"), number, "tuti@contoh.invalid", "Mutasi jabatan.")
    with pytest.raises(Refused, match="berubah sejak keputusan ditahan"):
        office.release(row)
    office.release(office.hold())

    assert office.state() == SETTLED


def test_who_has_read_what_changed_may_keep_the_decision(office: Office, as_: As) -> None:
    """What is read counts up to its event: the next holds the release back again."""
    row = office.hold()

    def say() -> int:
        with office.database.write() as session:
            case = session.scalars(select(Case)).one()
            words = {"audience": "staff", "text": "Mohon dicek surat izinnya."}
            commands.discuss(session, as_(session, "retno"), case.number, words)
            return case.seq

    def read(seen: int, who: str = "endah") -> None:
        with office.database.write() as session:
            commands.look_again(session, as_(session, who), row, seen)

    first, _second = say(), say()
    read(first)
    with pytest.raises(Refused, match="1 peristiwa baru"):
        office.release(row)
    for seen in (first - 1, first + 2):
        with pytest.raises(Invalid):
            read(seen)
    with pytest.raises(NotFound):
        read(first + 1, "tuti")
    read(first + 1)
    office.release(row)

    assert office.state() == SETTLED
    with pytest.raises(Refused, match="sudah dirilis"):
        read(first + 1)


def test_a_late_review_is_looked_at_before_the_release_and_a_reminder_is_not(
    office: Office, database: Database, as_: As, settings: Settings
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri")
    row = office.hold(step="reject", number=number)
    with database.read() as session:
        due_at = session.scalars(select(Case.due_at).where(Case.number == number)).one()
    assert due_at is not None
    office.clock.now = due_at
    scan(Deadlines(settings, database, office.clock))
    reminded = [mail.address for mail in office.rehearse(row)]
    judge(database, as_, number, "rudi")

    assert reminded == ["ani@contoh.invalid", "budi@contoh.invalid"]
    with pytest.raises(Refused, match=r"1 peristiwa baru"):
        office.release(row)


def test_who_may_not_take_the_step_may_neither_hold_see_nor_release_it(office: Office, as_: As) -> None:
    with pytest.raises(Forbidden):
        office.hold("budi")
    with pytest.raises(Refused, match="tidak dapat ditahan"):
        office.hold("ani", "withdraw")
    with pytest.raises(Invalid):
        office.hold(note="")
    row = office.hold()
    with pytest.raises(Forbidden):
        office.release(row, "ani")
    with pytest.raises(NotFound):
        office.withdraw(row, "lain")
    with pytest.raises(NotFound):
        office.withdraw(10**6)
    with office.database.read() as session:
        for who in ("ani", "budi", "rudi", "haryo"):
            assert held.listed(session, as_(session, who).user) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "pointers"),
    [
        ({"subject": " ", "body": "pendek"}, ["/subject", "/body"]),
        ({"subject": "x" * 151, "body": "y" * 10_001}, ["/subject", "/body"]),
        ({"subject": "Judul", "body": "Isi yang cukup panjang\x00 tetapi rusak"}, ["/body"]),
    ],
)
def test_a_mail_is_not_left_without_words(office: Office, words: dict[str, str], pointers: list[str]) -> None:
    row = office.hold()
    with pytest.raises(Invalid) as refusal, office.database.write() as session:
        commands.write_mail(session, office.as_(session, "endah"), row, "approved.1", words)

    assert [problem.pointer for problem in refusal.value.problems] == pointers
    assert office.row(row).mails == {}
