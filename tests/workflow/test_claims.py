"""Levels and evidence of an entry: named, proven, judged, opened again; what they allow and refuse."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from workflow import audit, commands
from workflow.clock import WIB
from workflow.db import Database
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, Reason, Refused
from workflow.guards import Attempt, unmet
from workflow.iid import years
from workflow.iid.entries import Standing, standing
from workflow.iid.maturity import Maturity
from workflow.ledger import Actor, record
from workflow.models import Case, IndicatorClaim
from workflow.samples import sample

As = Callable[[Session, str], Actor]
OTHER = {"title": "Inovasi yang lain", "category": "digital", "agency": "puskesmas-tanon-1"}
LETTER = commands.NewEvidence(
    file_name="sk.pdf",
    media_type="application/pdf",
    size=9,
    sha256="a" * 64,
    indicator="1",
    letter_number="188.4/12",
    letter_date=date(2022, 9, 1),
    letter_subject="Penetapan inovasi",
)
VIDEO = commands.NewClaim(level=2, link="https://contoh.sragenkab.invalid/video")


@pytest.fixture
def entry(database: Database, as_: As) -> str:
    """Ani's innovation as an entry whose evidence is being completed; applied in May 2022."""
    with database.write() as session:
        who = as_(session, "ani")
        document = {"title": "SIPESTA bagi warga Tanon", "category": "digital", "agency": "puskesmas-tanon-1"}
        case = commands.start(session, who, document)
        profile = sample("iga_profile") | {"implementation_date": "2022-05-09"}
        case.forms = {"decree": sample("decree"), "iga_profile": profile}
        step = {"from": case.state, "to": "competition.candidate"}
        record(session, case, who, "coordinator", "replication.nominated", step)
        case.state = "competition.completing_evidence"
        return case.number


def move(database: Database, number: str, state: str) -> None:
    with database.write() as session:
        commands.find(session, Actor(None, MovableClock().now), number).state = f"competition.{state}"


def claim(database: Database, as_: As, number: str, which: str, new: commands.NewClaim) -> None:
    with database.write() as session:
        commands.claim_level(session, as_(session, "ani"), number, which, new)


def prove(database: Database, as_: As, number: str, new: commands.NewEvidence) -> int:
    with database.write() as session:
        return commands.add_evidence(session, as_(session, "ani"), number, new).id


def judge(database: Database, as_: As, number: str, which: str, reason: str | None = None) -> None:
    with database.write() as session:
        who = as_(session, "endah")
        commands.judge_claim(session, who, number, which, accept=reason is None, reason=reason)


def stands(database: Database, number: str) -> Standing:
    with database.read() as session:
        return standing(session, commands.find(session, Actor(None, MovableClock().now), number))


def reasons(database: Database, number: str, step: str) -> list[Reason]:
    with database.read() as session:
        case = commands.find(session, Actor(None, MovableClock().now), number)
        flow = process(case.process)
        named = flow.transition("competition", step)
        assert named is not None
        return unmet(Attempt(session, flow, case, named, MovableClock().now))


def test_a_level_counts_once_it_is_proven_and_again_once_it_is_accepted(
    database: Database, as_: As, entry: str
) -> None:
    claim(database, as_, entry, "1", commands.NewClaim(level=2))
    bare = stands(database, entry)
    prove(database, as_, entry, LETTER)
    proven = stands(database, entry)
    move(database, entry, "verification")
    judge(database, as_, entry, "1")
    accepted = stands(database, entry)

    assert [s.maturity for s in (bare, proven, accepted)] == [
        Maturity(Decimal(0), Decimal(0)),
        Maturity(Decimal(6), Decimal(0)),
        Maturity(Decimal(6), Decimal(6)),
    ]
    assert [s.rows[0].state for s in (bare, proven, accepted)] == ["unproven", "waiting", "accepted"]


def test_an_entry_is_accepted_only_once_every_claim_is_judged(
    database: Database, as_: As, entry: str
) -> None:
    claim(database, as_, entry, "20", VIDEO)
    claim(database, as_, entry, "1", commands.NewClaim(level=2))
    move(database, entry, "verification")
    waiting = [reason.message for reason in reasons(database, entry, "accept")]
    judge(database, as_, entry, "20")
    unproven = [reason.message for reason in reasons(database, entry, "accept")]

    assert "2 indikator belum diverifikasi." in waiting
    assert "1 indikator belum diverifikasi." in unproven


@pytest.mark.parametrize("change", ["level", "evidence", "withdrawal"])
def test_any_change_opens_the_verification_again(
    database: Database, as_: As, entry: str, change: str
) -> None:
    claim(database, as_, entry, "1", commands.NewClaim(level=2))
    first = prove(database, as_, entry, LETTER)
    prove(database, as_, entry, replace(LETTER, sha256="b" * 64))
    move(database, entry, "verification")
    judge(database, as_, entry, "1")
    if change == "level":
        move(database, entry, "entry_revision")
        claim(database, as_, entry, "1", commands.NewClaim(level=3))
    elif change == "evidence":
        prove(database, as_, entry, replace(LETTER, sha256="c" * 64))
    else:
        with database.write() as session:
            commands.withdraw_evidence(session, as_(session, "ani"), entry, first)

    assert stands(database, entry).rows[0].state == "waiting"
    assert stands(database, entry).maturity.verified == 0
    with database.read() as session:
        assert audit.verify(session).intact


def test_saying_the_same_again_changes_nothing(database: Database, as_: As, entry: str) -> None:
    claim(database, as_, entry, "20", VIDEO)
    with database.read() as session:
        before = session.query(Case).one().version

    claim(database, as_, entry, "20", VIDEO)

    with database.read() as session:
        assert session.query(Case).one().version == before


def test_a_refusal_needs_a_reason_and_takes_the_points(database: Database, as_: As, entry: str) -> None:
    claim(database, as_, entry, "20", VIDEO)
    move(database, entry, "verification")

    with pytest.raises(Invalid) as refusal:
        judge(database, as_, entry, "20", reason=" ")
    judge(database, as_, entry, "20", reason="Video tidak dapat dibuka.")

    assert [p.pointer for p in refusal.value.problems] == ["/reason"]
    assert stands(database, entry).maturity.verified == 0
    with database.read() as session:
        held = session.query(IndicatorClaim).one()
        assert (held.state, held.reason) == ("refused", "Video tidak dapat dibuka.")


def test_nothing_is_submitted_with_a_level_that_lacks_its_evidence(
    database: Database, as_: As, entry: str
) -> None:
    nothing = reasons(database, entry, "submit_entry")
    claim(database, as_, entry, "1", commands.NewClaim(level=1))
    bare = reasons(database, entry, "submit_entry")
    prove(database, as_, entry, LETTER)

    assert [r.message for r in nothing] == ["Belum ada indikator yang dipilih dan berbukti."]
    assert [r.message for r in bare] == [
        "Parameter dipilih tanpa bukti dukung: Regulasi Inovasi Daerah.",
    ]
    assert reasons(database, entry, "submit_entry") == []


def test_an_entry_outside_its_window_is_not_accepted_and_hears_why(
    database: Database, as_: As, entry: str
) -> None:
    claim(database, as_, entry, "20", VIDEO)
    move(database, entry, "verification")
    judge(database, as_, entry, "20")
    assert reasons(database, entry, "accept") == []
    with database.write() as session:
        case = session.query(Case).one()
        old = case.forms["iga_profile"] | {"implementation_date": "2019-05-09"}
        case.forms = case.forms | {"iga_profile": old}
        case.version += 1

    found = reasons(database, entry, "accept")

    assert [r.guard for r in found] == ["entry_rule"]
    assert "9 Mei 2019 di luar rentang 1 Januari 2020–31 Desember 2021" in found[0].message
    assert "memerlukan pengembangan" in found[0].message


def test_the_entry_year_is_the_first_in_which_the_innovation_counts(database: Database, entry: str) -> None:
    found = stands(database, entry)

    assert (found.year, found.catalogue.year) == (2023, 2023)
    assert found.requirement("window").met
    assert found.requirement("times").message == "Keikutsertaan ke-1 dari paling banyak 2."


@pytest.mark.parametrize(
    ("which", "new", "pointers"),
    [
        ("99", commands.NewClaim(level=1), ["/indicator"]),
        ("1", commands.NewClaim(level=4, note="x" * 2001), ["/level", "/note"]),
        ("1", commands.NewClaim(level=1, link="https://contoh.invalid"), ["/link"]),
        ("20", commands.NewClaim(level=1, link="javascript:alert(1)"), ["/link"]),
        ("1", commands.NewClaim(level=1, basis="orang"), ["/basis"]),
    ],
)
def test_a_claim_that_the_catalogue_does_not_know_is_refused_at_its_field(
    database: Database, as_: As, entry: str, which: str, new: commands.NewClaim, pointers: list[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        claim(database, as_, entry, which, new)

    assert [p.pointer for p in refusal.value.problems] == pointers
    assert stands(database, entry).having("empty") == list(stands(database, entry).rows)


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"indicator": "99"}, ["/indicator"]),
        ({"indicator": "10"}, ["/file"]),
        ({"letter_number": None, "letter_subject": None}, ["/letter_number", "/letter_subject"]),
        ({"letter_date": date(2030, 1, 1)}, ["/letter_date"]),
    ],
)
def test_evidence_of_the_wrong_kind_is_refused_at_its_field(
    database: Database, as_: As, entry: str, changes: dict[str, object], pointers: list[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        prove(database, as_, entry, replace(LETTER, **changes))  # type: ignore[arg-type]

    assert [p.pointer for p in refusal.value.problems] == pointers


def test_who_names_and_who_judges(database: Database, as_: As, entry: str) -> None:
    claim(database, as_, entry, "20", VIDEO)
    with pytest.raises(Refused), database.write() as session:
        commands.judge_claim(session, as_(session, "endah"), entry, "20", accept=True)
    move(database, entry, "verification")

    with pytest.raises(Forbidden), database.write() as session:
        commands.judge_claim(session, as_(session, "ani"), entry, "20", accept=True)
    with pytest.raises(Refused):
        claim(database, as_, entry, "20", replace(VIDEO, level=3))


def test_what_was_sent_stays_what_it_was(database: Database, as_: As, entry: str) -> None:
    first = prove(database, as_, entry, LETTER)
    move(database, entry, "sent")

    with pytest.raises(Refused) as added:
        prove(database, as_, entry, replace(LETTER, sha256="b" * 64))
    with pytest.raises(Refused), database.write() as session:
        commands.withdraw_evidence(session, as_(session, "ani"), entry, first)

    assert [r.guard for r in added.value.reasons] == ["frozen"]


def test_a_window_moves_with_its_reason_and_the_year_follows(
    database: Database, as_: As, clock: MovableClock
) -> None:
    with database.write() as session:
        who = as_(session, "endah")
        commands.set_window(session, who, 2022, date(2022, 6, 1), date(2022, 9, 5), "Ditutup lebih awal.")
        commands.set_window(session, who, 2022, date(2022, 6, 1), date(2022, 12, 1), "Diperpanjang.")

    with database.read() as session:
        assert years.window(session, 2022).closes == date(2022, 12, 1)
        assert years.window(session, 2023) == years.shipped(2023)
        told = [(h.reason, h.changed_at) for h in years.history(session, 2022)]
    assert told == [("Diperpanjang.", clock()), ("Ditutup lebih awal.", clock())]
    assert clock().astimezone(WIB).year == 2022


def test_a_window_without_sense_names_every_fault(database: Database, as_: As) -> None:
    opens, closes = date(2022, 9, 1), date(2022, 6, 1)
    with pytest.raises(Invalid) as refusal, database.write() as session:
        commands.set_window(session, as_(session, "endah"), 2022, opens, closes, " ")
    with pytest.raises(Forbidden), database.write() as session:
        commands.set_window(session, as_(session, "ani"), 2022, None, None, "Coba-coba.")

    assert {p.pointer for p in refusal.value.problems} == {"/closes", "/reason"}


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("https://video.lan/v", "hanya dapat dibuka dari jaringan dalam"),
        ("http://10.1.2.3/v.mp4", "hanya dapat dibuka dari jaringan dalam"),
        ("https://drive.google.com/drive/my-drive", "tombol Bagikan"),
        ("https://studio.youtube.com/video/abc/edit", "tombol Bagikan"),
        ("https://ani:rahasia@contoh.sragenkab.invalid/v", "tanpa itu"),
    ],
)
def test_a_link_that_only_its_owner_can_open_is_refused_with_the_way_out(
    database: Database, as_: As, entry: str, link: str, said: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        claim(database, as_, entry, "20", replace(VIDEO, link=link))

    assert [p.pointer for p in refusal.value.problems] == ["/link"]
    assert said in refusal.value.problems[0].message


def test_a_letter_from_outside_the_assessed_years_is_refused_but_a_rule_in_force_is_not(
    database: Database, as_: As, entry: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        prove(database, as_, entry, replace(LETTER, indicator="2", letter_date=date(2020, 12, 31)))
    prove(database, as_, entry, replace(LETTER, indicator="2", letter_date=date(2021, 1, 1)))
    prove(database, as_, entry, replace(LETTER, letter_date=date(2019, 5, 1)))

    (problem,) = refusal.value.problems
    assert problem.pointer == "/letter_date"
    assert "masa bukti IGA 2023 (1 Januari 2021–31 Desember 2023)" in problem.message
    assert "Unggah surat dari masa itu" in problem.message


def test_who_prepared_another_entry_may_release_this_one(database: Database, as_: As, entry: str) -> None:
    claim(database, as_, entry, "20", VIDEO)
    move(database, entry, "verification")
    judge(database, as_, entry, "20")
    move(database, entry, "ready")
    with database.write() as session:
        form = sample("iga_checklist")
        commands.advance(session, as_(session, "wulan"), entry, "freeze", form=form)
        other = commands.start(session, as_(session, "ani"), OTHER)
        step = {"transition": "freeze", "from": other.state, "to": other.state}
        record(session, other, as_(session, "endah"), "coordinator", "competition.frozen", step)
    with database.write() as session:
        released = commands.advance(session, as_(session, "endah"), entry, "release")

    assert released.state == "competition.released"


def test_one_person_prepares_and_another_releases(database: Database, as_: As, entry: str) -> None:
    claim(database, as_, entry, "20", VIDEO)
    move(database, entry, "verification")
    judge(database, as_, entry, "20")
    move(database, entry, "ready")
    some = {"checked": ["profile", "evidence"]}
    with pytest.raises(Invalid) as unchecked, database.write() as session:
        commands.advance(session, as_(session, "endah"), entry, "freeze", form=some)
    with database.write() as session:
        form = sample("iga_checklist")
        commands.advance(session, as_(session, "endah"), entry, "freeze", form=form)
    with pytest.raises(Refused) as own, database.write() as session:
        commands.advance(session, as_(session, "endah"), entry, "release")
    with database.read() as session:
        case = commands.find(session, as_(session, "endah"), entry)
        shown = {o.transition.name: o for o in commands.options(session, as_(session, "endah"), case)}
    with database.write() as session:
        released = commands.advance(session, as_(session, "wulan"), entry, "release")

    assert [p.pointer for p in unchecked.value.problems] == ["/form/checked"]
    assert [r.guard for r in own.value.reasons] == ["another_person"]
    assert "koordinator lain" in own.value.reasons[0].message
    assert not shown["release"].allowed
    assert shown["reopen_entry"].allowed
    assert released.state == "competition.released"
    with database.read() as session:
        assert audit.verify(session).intact


def test_who_froze_an_entry_anew_is_the_one_who_may_not_release_it(
    database: Database, as_: As, entry: str
) -> None:
    claim(database, as_, entry, "20", VIDEO)
    move(database, entry, "verification")
    judge(database, as_, entry, "20")
    for who, step in (("endah", "freeze"), ("wulan", "reopen_entry"), ("wulan", "freeze")):
        if step == "freeze":
            move(database, entry, "ready")
        with database.write() as session:
            form = sample("iga_checklist") if step == "freeze" else None
            note = None if step == "freeze" else "Periksa kembali tautan."
            commands.advance(session, as_(session, who), entry, step, form=form, note=note)

    with pytest.raises(Refused), database.write() as session:
        commands.advance(session, as_(session, "wulan"), entry, "release")
    with database.write() as session:
        assert commands.advance(session, as_(session, "endah"), entry, "release").state.endswith("released")


def went_through(database: Database, as_: As, entry: str, *years: int) -> None:
    """The entry is sent in June of each of these years, assessed, and a candidate again."""
    with database.write() as session:
        who = as_(session, "endah")
        case = commands.find(session, who, entry)
        for year in years:
            then = replace(who, at=who.at.replace(year=year, month=6))
            for origin, to in (("released", "sent"), ("sent", "assessed"), ("assessed", "candidate")):
                data = {"from": f"competition.{origin}", "to": f"competition.{to}"}
                name = next(step.event for step in process("2022").transitions if step.to == data["to"])
                record(session, case, then, "coordinator", name, data)


def test_an_entry_sent_this_year_does_not_enter_it_again(database: Database, as_: As, entry: str) -> None:
    fresh = stands(database, entry).requirement("once")
    went_through(database, as_, entry, 2023)
    again = stands(database, entry)

    assert fresh.met
    assert again.year == 2023
    assert not again.requirement("once").met
    assert "pada tahun berikutnya, dengan pengembangan" in again.requirement("once").message
    assert again.requirement("times").met
    assert [r.message for r in reasons(database, entry, "accept") if "Sudah dikirim" in r.message]


def test_no_innovation_enters_a_third_time(database: Database, as_: As, entry: str) -> None:
    went_through(database, as_, entry, 2023, 2024)
    third = stands(database, entry).requirement("times")

    assert not third.met
    assert third.message == "Keikutsertaan ke-3 dari paling banyak 2."
    assert third.message in [reason.message for reason in reasons(database, entry, "accept")]
