"""Gambaran: every figure agrees with the list that it leads to, to the unit."""

import csv
import io
import math
import re
from datetime import timedelta
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import func, select

from tests.conftest import MONDAY, MovableClock
from tests.web.api_calls import counted
from tests.web.conftest import SignIn
from tests.web.test_lists import sign_in, sqlite
from tests.workflow.registry import fill
from workflow.case_lists import Filters, found_by, list_cases
from workflow.db import Database
from workflow.definition import process
from workflow.exports import report
from workflow.models import Agency, Case, Deadline, StageVisit
from workflow.overview import FIGURES, overview
from workflow.people import find_user

__all__ = ["sign_in"]

NARROWED = st.builds(
    Filters,
    q=st.sampled_from(["", "", "pasien", "pasen", "vaksin", "layanan warga"]),
    stage=st.sampled_from(["", "", "opd_pilot", "pkp_proposal"]),
    category=st.sampled_from(["", "", "digital", "non_digital"]),
    agency=st.sampled_from(["", "", "dinkes", "puskesmas-tanon-1"]),
    cohort=st.sampled_from(["", "", "pkp-iv-2022"]),
    year=st.sampled_from([None, None, 2021, 2022]),
    affair=st.sampled_from(["", "", "Kesehatan"]),
    reached=st.sampled_from(["", "", "opd_pilot"]),
    begun=st.sampled_from(["", "", "2022-09"]),
    ended=st.sampled_from(["", "", "2022-08"]),
    late=st.booleans(),
)
SCORES = ("maturity", "forecast")
MOVES = ("funnel", "cycle", "flow", "punctuality", *SCORES)


@pytest.fixture
def registry(database: Database, clock: MovableClock) -> Database:
    """The demo's innovations, of two years, some late, some of a unit below its agency, with their stays.

    Stays last 1, 2, … working days, every tenth case ended in August or September.
    """
    fill(database)
    stages = [stage.name for stage in process("2022").pipeline("innovation")]
    with database.write() as session:
        unit = session.scalars(select(Agency).where(Agency.code == "puskesmas-tanon-1")).one()
        for n in range(1, 4):
            session.get_one(Case, n).agency = unit
        for n in range(3, 30, 3):
            case = session.get_one(Case, n)
            case.due_at = clock()
            case.number = case.number.replace("-2022-", "-2021-") if n % 2 else case.number
        for case in session.scalars(select(Case)):
            way = stages[: stages.index(case.stage) + 1]
            for stage, onward in zip(way, [*way[1:], None], strict=True):
                session.add(
                    StageVisit(
                        case_id=case.id,
                        stage=stage,
                        entered_at=MONDAY,
                        left_at=MONDAY if onward else None,
                        working_days=case.id if onward else None,
                        next_stage=onward,
                    )
                )
            if case.id % 10 == 0:
                case.outcome, case.entered_at = "stopped", MONDAY - timedelta(days=case.id)
    clock.tick(days=1)
    return database


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@example(filters=Filters(agency="puskesmas-tanon-1"), who="endah")
@given(filters=NARROWED, who=st.sampled_from(["endah", "yuli", "retno"]))
def test_every_figure_agrees_with_its_list(
    registry: Database, clock: MovableClock, filters: Filters, who: str
) -> None:
    with registry.read() as session:
        user = find_user(session, f"{who}@contoh.invalid")
        assert user is not None
        held = overview(session, user, clock(), filters)
        assert held.total == list_cases(session, user, clock(), filters).total
        assert set(held.figures) == set(FIGURES)
        for slices in held.figures.values():
            assert sum(part.count for part in slices) == held.total
        parts = [held.late, held.digital, *(part for slices in held.figures.values() for part in slices)]
        for part in parts:
            assert part.filters or part.count == 0 or not part.value, part
        led = [(part.filters, part.count) for part in parts]
        led += [(stage.filters, stage.entered) for stage in held.passages]
        led += [(month.begun_filters, month.begun) for month in held.months]
        led += [(month.ended_filters, month.ended) for month in held.months]
        for way, count in led:
            assert way is None or list_cases(session, user, clock(), way).total == count, (way, count)
        still = select(func.count()).where(
            *found_by(session, user, clock(), filters)[0], Case.outcome.is_(None)
        )
        assert held.months[-1].open == session.scalar(still)
        if not (filters.reached or filters.begun or filters.ended):
            assert all(stage.filters for stage in held.passages if stage.entered)
            assert all(month.begun_filters for month in held.months if month.begun)
            assert all(month.ended_filters for month in held.months if month.ended)


@sqlite
def test_a_bar_leads_to_as_many_cases_as_it_says(sign_in: SignIn) -> None:
    client = sign_in("endah")
    page = client.get("/gambaran?category=digital").text

    rows = re.findall(
        r'<th scope="row"><a href="([^"]+)">[^<]+</a></th>.*?bar-value">(\d+)', page, flags=re.DOTALL
    )
    assert len(rows) > len(FIGURES)
    for href, count in rows:
        assert "category=digital" in href
        assert f">{count} usulan" in client.get(unescape(href)).text, href


@sqlite
def test_the_rest_of_a_long_figure_is_folded(sign_in: SignIn) -> None:
    page = sign_in("endah").get("/gambaran").text
    card = re.search(r'aria-labelledby="figure-agency">(.*?)</section>', page, flags=re.DOTALL)
    assert card is not None

    shown, rest = card[1].split("<details")
    more = re.search(r"<summary>(\d+) lainnya", rest)
    assert more is not None
    assert shown.count('class="bar-value"') == 10
    assert rest.count('class="bar-value"') == int(more[1])


@sqlite
def test_a_figure_is_taken_along_as_table_and_picture(sign_in: SignIn) -> None:
    client = sign_in("endah")
    taken = client.get("/gambaran/stage.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(taken), delimiter=";"))
    total = sum(int(row[1]) for row in rows[1:])
    assert f'stat-number">{total}<' in client.get("/gambaran").text

    for name in (*FIGURES, *MOVES):
        rows = list(csv.reader(io.StringIO(client.get(f"/gambaran/{name}.csv").text), delimiter=";"))
        assert {len(row) for row in rows} == {len(rows[0])}, name
        picture = client.get(f"/gambaran/{name}.svg")
        drawn = ET.fromstring(picture.data)  # noqa: S314 - our own
        assert drawn.findtext("{http://www.w3.org/2000/svg}title")
        assert picture.content_type.startswith("image/svg+xml")
    assert client.get("/gambaran/nilai.csv").status_code == 404


@sqlite
def test_gambaran_is_for_those_who_lead(sign_in: SignIn) -> None:
    for who, status in (("endah", 200), ("retno", 200), ("yuli", 200), ("ani", 403), ("rudi", 403)):
        client = sign_in(who)
        assert client.get("/gambaran").status_code == status, who
        assert ('href="/gambaran"' in client.get("/proses").text) is (status == 200), who


@sqlite
def test_a_wrong_key_is_explained_and_an_empty_list_says_so(sign_in: SignIn) -> None:
    client = sign_in("endah")
    assert client.get("/gambaran?q=thap:uji").status_code == 422
    assert client.get("/gambaran/stage.csv?q=thap:uji").status_code == 422
    assert "Belum ada yang dapat digambarkan" in client.get("/gambaran?year=1999").text


def test_the_number_of_statements_does_not_grow(registry: Database, clock: MovableClock) -> None:
    with registry.read() as session:
        user = find_user(session, "endah@contoh.invalid")
        assert user is not None
        with counted(registry) as few:
            overview(session, user, clock(), Filters(year=2021))
        with counted(registry) as many:
            overview(session, user, clock(), Filters())
    assert len(few) == len(many) == 16


def test_what_is_said_of_a_stage(registry: Database, clock: MovableClock) -> None:
    """Stays of 1 … n working days: the middle one, and the one at nine tenths."""
    with registry.read() as session:
        user = find_user(session, "endah@contoh.invalid")
        assert user is not None
        first, *_rest, last = overview(session, user, clock(), Filters()).passages
        cases = session.scalars(select(Case)).all()

    onward = sorted(case.id for case in cases if case.stage != "pkp_proposal")
    assert (first.entered, first.went_on, first.finished) == (len(cases), len(onward), len(onward))
    assert first.share == round(len(onward) / len(cases) * 100)
    assert first.median == onward[(len(onward) - 1) // 2]
    assert first.ninth == onward[math.ceil(len(onward) * 0.9) - 1]
    assert (last.went_on, last.finished, last.median) == (0, 0, None)


def test_deadlines_kept_and_missed(registry: Database, clock: MovableClock) -> None:
    """Answered in time, too late, never, and not over yet; units count with their agency."""
    now = clock()
    ends = {
        1: (now - timedelta(days=5), now - timedelta(days=6)),
        2: (now - timedelta(days=5), now - timedelta(days=5)),
        3: (now - timedelta(days=5), now - timedelta(days=4)),
        4: (now - timedelta(days=5), None),
        5: (now + timedelta(days=5), now - timedelta(days=1)),
        6: (now + timedelta(days=5), None),
    }
    with registry.write() as session:
        codes = ("dinkes", "puskesmas-tanon-1")
        agencies = {a.code: a for a in session.scalars(select(Agency).where(Agency.code.in_(codes)))}
        for n, (end, answered) in ends.items():
            session.get_one(Case, n).agency = agencies[codes[n % 2]]
            for kind in ("end", "remind-1"):
                session.add(
                    Deadline(
                        case_id=n,
                        state="opd_pilot.planned",
                        visit=1,
                        kind=kind,
                        at=end,
                        starts_at=end - timedelta(days=9),
                        ends_at=end,
                        cancelled_at=answered,
                    )
                )
    with registry.read() as session:
        user = find_user(session, "endah@contoh.invalid")
        assert user is not None
        (health,) = overview(session, user, now, Filters()).punctuality

    assert (health.agency, health.kept, health.missed, health.share) == ("dinkes", 3, 2, 60)


@sqlite
def test_scores_of_all_entries_are_for_whoever_may_see_them(sign_in: SignIn) -> None:
    for who, status in (("endah", 200), ("yuli", 404), ("retno", 404)):
        client = sign_in(who)
        assert ("Perkiraan IID" in client.get("/gambaran").text) is (status == 200), who
        for name in SCORES:
            assert client.get(f"/gambaran/{name}.csv").status_code == status, who


def test_the_page_for_the_regent(registry: Database, clock: MovableClock) -> None:
    """One page, the same bytes each time, with the figures of the lists; even with the longest titles."""
    with registry.write() as session:
        for n in range(1, 20):
            case = session.get_one(Case, n)
            case.title, case.due_at, case.outcome = (
                "PANJANG SEKALI " * 13,
                clock() - timedelta(days=30 + n),
                None,
            )
    with registry.read() as session:
        user = find_user(session, "endah@contoh.invalid")
        assert user is not None
        found = report.read(session, user, clock())
        late = list_cases(session, user, clock(), Filters(late=True))
    paper = report.page(found)
    (page,) = PdfReader(io.BytesIO(paper)).pages
    text = page.extract_text()

    assert paper == report.page(found)
    assert "PEMERINTAH KABUPATEN SRAGEN" in text
    assert "September 2022" in text
    assert [case.id for case in found.late] == list(range(19, 19 - len(found.late), -1))
    assert f"Dan {late.total - len(found.late)} lainnya" in text
    assert len(report.changes(found)) == 3
    assert found.present.begun == found.held.total


@sqlite
def test_the_page_for_the_regent_is_for_those_who_see_every_case(sign_in: SignIn) -> None:
    for who, status in (("endah", 200), ("haryo", 200), ("yuli", 403), ("ani", 403)):
        client = sign_in(who)
        answer = client.get("/gambaran/laporan-bupati.pdf")
        assert answer.status_code == status, who
        assert (answer.content_type == "application/pdf") is (status == 200), who
        if status == 200:
            assert 'href="/gambaran/laporan-bupati.pdf"' in client.get("/gambaran").text
