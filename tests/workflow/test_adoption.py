"""Adoptions: from the offer or the interest to adopted, over generations, and what is refused on the way."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MONDAY, MovableClock
from tests.innovations import in_use
from workflow import adoptions, commands, fold, policy, public
from workflow.calendar import wib_date
from workflow.db import Database
from workflow.errors import Forbidden, Invalid, NotFound, Refused
from workflow.iid.catalogue import catalogue
from workflow.ledger import Actor
from workflow.models import Agency, Case, Email, Event, User
from workflow.people import create_user
from workflow.samples import sample

As = Callable[[Session, str], Actor]

OFFICES = ("dlh", "dishub", "disdikbud", "kec-tanon")
INTEREST = sample("adoption_interest")


@pytest.fixture
def origin(database: Database, as_: As) -> str:
    """An innovation in use at Puskesmas Tanon 1; four agencies with an officer and a head."""
    with database.write() as session:
        for code in OFFICES:
            for name, head in ((code, False), (f"kepala.{code}", True)):
                create_user(
                    session,
                    MONDAY,
                    email=f"{name}@contoh.invalid",
                    name=name,
                    agency=code,
                    heads_agency=head,
                )
        return in_use(session, as_(session, "endah"))


def agency(session: Session, code: str) -> Agency:
    return session.scalars(select(Agency).where(Agency.code == code)).one()


@pytest.fixture
def act(database: Database, as_: As, clock: MovableClock) -> Callable[..., str]:
    """Takes a step for somebody; its form is the sample, dated today."""

    def take(who: str, number: str, name: str, note: str | None = None, **changed: Any) -> str:  # noqa: ANN401
        with database.write() as session:
            case = session.scalars(select(Case).where(Case.number == number)).one()
            step = next(
                o.transition
                for o in commands.options(session, Actor(None, clock()), case)
                if o.transition.name == name
            )
            form = sample(step.form, today=wib_date(clock())) | changed if step.form else None
            return commands.advance(session, as_(session, who), number, name, note=note, form=form).state

    return take


@pytest.fixture
def adopt(
    database: Database,
    as_: As,
    act: Callable[..., str],
    clock: MovableClock,
    run_workers: Callable[[], None],
) -> Callable[..., str]:
    """Takes an innovation over for an agency, all the way; the number of the adoption."""

    def whole(number: str, code: str, origin_head: str) -> str:
        with database.write() as session:
            adoption = commands.express_interest(session, as_(session, code), number, INTEREST).number
        act(f"kepala.{code}", adoption, "consent_as_adopter")
        act(origin_head, adoption, "consent_as_origin")
        run_workers()
        act(code, adoption, "record_adaptation")
        act(code, adoption, "begin")
        clock.tick(days=100)
        act(code, adoption, "record_result")
        act(f"kepala.{code}", adoption, "declare_adopted")
        run_workers()
        return adoption

    return whole


def state_of(database: Database, number: str) -> str:
    with database.read() as session:
        return session.scalars(select(Case.state).where(Case.number == number)).one()


def interest(database: Database, as_: As, who: str, number: str) -> str:
    with database.write() as session:
        return commands.express_interest(session, as_(session, who), number, INTEREST).number


def test_three_generations_end_the_replication_of_the_innovation(
    database: Database, origin: str, adopt: Callable[..., str]
) -> None:
    first = adopt(origin, "dlh", "yuli")
    second = adopt(first, "dishub", "kepala.dlh")
    assert state_of(database, origin) == "replication.open"

    third = adopt(second, "disdikbud", "kepala.dishub")

    assert state_of(database, third) == "adoption.adopted"
    assert state_of(database, origin) == "competition.candidate"
    with database.read() as session:
        root = session.scalars(select(Case).where(Case.number == origin)).one()
        members = [(m.generation, m.case.number) for m in adoptions.family(session, root)]
        assert members == [(0, origin), (1, first), (2, second), (3, third)]
        assert adoptions.network(session, root) == ["disdikbud", "dishub", "dlh"]
        for year, counted in ((2023, ["dlh"]), (2024, ["disdikbud", "dishub", "dlh"]), (2026, [])):
            jejaring = next(i.recorded for i in catalogue(2023).sid if i.title == "Jejaring inovasi")
            assert jejaring is not None
            assert adoptions.network(session, root, jejaring.span(year)) == counted
        assert adoptions.other_regions(root) == []
        assert list(fold.differences(session)) == []


def test_the_public_hears_of_an_adoption_once_it_is_finished(
    database: Database, as_: As, origin: str, adopt: Callable[..., str]
) -> None:
    adopt(origin, "dlh", "yuli")
    interest(database, as_, "dishub", origin)
    with database.read() as session:
        told = [(n.case.number, n.adopter.code if n.adopter else None) for n in public.news(session, 9)]
    assert told == [(origin, "dlh"), (origin, None)]


def test_an_offer_is_mailed_to_the_head_who_names_somebody_and_answers(
    database: Database, as_: As, origin: str, act: Callable[..., str], run_workers: Callable[[], None]
) -> None:
    with database.write() as session:
        note = "Keluhan serupa tercatat di Kecamatan Tanon."
        number = commands.offer(session, as_(session, "endah"), origin, "kec-tanon", note).number
    run_workers()
    act("kepala.kec-tanon", number, "express_interest")
    with pytest.raises(Refused) as refusal:
        act("kepala.kec-tanon", number, "consent_as_adopter")
    assert [(r.guard, r.fix) for r in refusal.value.reasons] == [("person_in_charge", "pic")]
    with database.write() as session:
        head = as_(session, "kepala.kec-tanon")
        commands.hand_over(session, head, number, "kec-tanon@contoh.invalid", "")
    act("kepala.kec-tanon", number, "consent_as_adopter")
    act("yuli", number, "consent_as_origin")
    run_workers()

    assert state_of(database, number) == "adoption.agreed"
    with database.read() as session:
        offered = session.scalars(select(Email).where(Email.kind == "adoption_offered")).one()
        assert offered.to_address == "kepala.kec-tanon@contoh.invalid"
        assert "Keluhan serupa" in offered.text
        asked = select(Email.to_address).where(Email.kind == "adoption_interest")
        assert "yuli@contoh.invalid" in session.scalars(asked).all()
        assert list(fold.differences(session)) == []


def test_both_heads_have_to_consent_and_each_once(
    database: Database, as_: As, origin: str, act: Callable[..., str], run_workers: Callable[[], None]
) -> None:
    number = interest(database, as_, "dlh", origin)
    act("kepala.dlh", number, "consent_as_adopter")
    with pytest.raises(Refused) as refusal:
        act("kepala.dlh", number, "consent_as_adopter")
    with pytest.raises(Forbidden):
        act("kepala.dlh", number, "consent_as_origin")
    run_workers()

    assert [r.guard for r in refusal.value.reasons] == ["at_most"]
    assert state_of(database, number) == "adoption.interested"


@pytest.mark.parametrize(
    ("who", "guard", "words"),
    [("ani", "own", "pemilik inovasi ini"), ("dlh", "open", "sudah memproses inovasi ini (ADP-2022-0001)")],
)
def test_an_agency_adopts_nothing_of_its_own_and_nothing_twice(
    database: Database, as_: As, origin: str, who: str, guard: str, words: str
) -> None:
    interest(database, as_, "dlh", origin)
    before = events(database)

    with pytest.raises(Refused) as refusal:
        interest(database, as_, who, origin)

    assert [r.guard for r in refusal.value.reasons] == [guard]
    assert words in refusal.value.reasons[0].message
    assert events(database) == before


def events(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def test_adoptions_make_no_loop(database: Database, as_: As, origin: str, adopt: Callable[..., str]) -> None:
    first = adopt(origin, "dlh", "yuli")
    second = adopt(first, "dishub", "kepala.dlh")

    for who, number, guard in (("dlh", second, "loop"), ("ani", second, "own"), ("dlh", origin, "adopted")):
        with pytest.raises(Refused) as refusal:
            interest(database, as_, who, number)
        assert [r.guard for r in refusal.value.reasons] == [guard]


def test_what_is_not_in_use_cannot_be_adopted(database: Database, as_: As, origin: str) -> None:
    running = interest(database, as_, "dlh", origin)

    for number in (running, "INV-2022-9999", "\0"):
        with pytest.raises(NotFound):
            interest(database, as_, "dishub", number)


def test_a_refused_form_leaves_nothing_behind(database: Database, as_: As, origin: str) -> None:
    before = events(database)

    with pytest.raises(Invalid) as refusal, database.write() as session:
        commands.express_interest(session, as_(session, "dlh"), origin, {"problem": "kurang"})

    assert {p.pointer for p in refusal.value.problems} == {"/form/problem", "/form/expected"}
    with database.read() as session:
        assert session.scalars(select(Case.number).where(Case.pipeline == "adoption")).all() == []
    assert events(database) == before


def test_dates_lie_between_the_birth_of_the_innovation_and_today(
    database: Database,
    as_: As,
    origin: str,
    act: Callable[..., str],
    run_workers: Callable[[], None],
) -> None:
    number = interest(database, as_, "dlh", origin)
    act("kepala.dlh", number, "consent_as_adopter")
    act("yuli", number, "consent_as_origin")
    run_workers()
    act("dlh", number, "record_adaptation")

    for day, words in (("2020-01-01", "mendahului lahirnya inovasi"), ("2031-01-01", "setelah hari ini")):
        with pytest.raises(Invalid) as refusal:
            act("dlh", number, "begin", start_date=day)
        assert refusal.value.problems[0].pointer == "/form/start_date"
        assert words in refusal.value.problems[0].message
    act("dlh", number, "begin")
    with pytest.raises(Refused) as early:
        act("dlh", number, "record_result")
    assert early.value.reasons[0].message == "Hasil 3 bulan dapat dicatat mulai 12 Desember 2022."
    with database.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert case.due_at is not None
        assert wib_date(case.due_at).isoformat() == "2022-12-12"
    with pytest.raises(Invalid) as region:
        act("endah", origin, "record_external_replication", date="2019-05-01")
    assert region.value.problems[0].pointer == "/form/date"


def test_results_are_asked_for_after_six_and_twelve_months(
    database: Database, origin: str, adopt: Callable[..., str], act: Callable[..., str], clock: MovableClock
) -> None:
    number = adopt(origin, "dlh", "yuli")
    with pytest.raises(Refused):
        act("dlh", number, "record_half_year")
    clock.tick(days=90)
    assert act("dlh", number, "record_half_year") == "adoption.half_year"
    clock.tick(days=180)
    assert act("dlh", number, "record_full_year") == "adoption.full_year"

    with database.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        assert len(case.forms["adoption_result"]) == 3
        assert (case.outcome, case.due_at) == ("advanced", None)


def test_a_refusal_is_remembered_and_the_way_stays_open(
    database: Database, as_: As, origin: str, act: Callable[..., str]
) -> None:
    number = interest(database, as_, "dlh", origin)
    assert act("kepala.dlh", number, "decline", note="Perangkat belum tersedia.") == "adoption.not_continued"

    with database.read() as session:
        root = session.scalars(select(Case).where(Case.number == origin)).one()
        members = adoptions.family(session, root)
        assert [c.number for c in adoptions.refusals(members, agency(session, "dlh"))] == [number]
    assert interest(database, as_, "dlh", origin) != number


def test_a_region_elsewhere_never_counts_as_an_adopter(
    database: Database, origin: str, act: Callable[..., str]
) -> None:
    for region in ("Kabupaten Ngawi", "Kota  Surakarta", "Kota Surakarta"):
        act("endah", origin, "record_external_replication", region=region)

    with database.read() as session:
        root = session.scalars(select(Case).where(Case.number == origin)).one()
        assert adoptions.other_regions(root) == ["Kabupaten Ngawi", "Kota Surakarta"]
        assert adoptions.adopters(session, root) == []


def test_lists_and_pages_agree_on_who_sees_an_adoption(database: Database, as_: As, origin: str) -> None:
    interest(database, as_, "dlh", origin)

    with database.read() as session:
        case = session.scalars(select(Case).where(Case.pipeline == "adoption")).one()
        people = session.scalars(select(User)).unique().all()
        may = {u.email.split("@")[0] for u in people if policy.may_see(u, case)}
        listed = {
            u.email.split("@")[0]
            for u in people
            if session.scalars(select(Case).where(Case.id == case.id, policy.visible(u))).first()
        }
    assert may == listed == {"dlh", "kepala.dlh", "ani", "yuli", "endah", "haryo", "wulan"}


def test_two_colleagues_who_ask_at_once_begin_one_adoption(database: Database, as_: As, origin: str) -> None:
    def ask(who: str) -> str:
        try:
            return interest(database, as_, who, origin)
        except Refused as refusal:
            return refusal.reasons[0].guard

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(ask, ["dlh", "lain"]))

    assert said == ["ADP-2022-0001", "open"]


def test_an_import_with_adopters_is_not_undone(database: Database, as_: As, origin: str) -> None:
    interest(database, as_, "dlh", origin)

    with database.write() as session:
        case = session.scalars(select(Case).where(Case.number == origin)).one()
        kept = commands.take_back(session, as_(session, "endah"), "coordinator", [case])

        assert kept == {case.id: "Sudah ada perangkat daerah yang mengadopsinya."}
        assert case.voided_at is None
