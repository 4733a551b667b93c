"""Gambaran: every figure agrees with the list that it leads to, to the unit."""

import csv
import io
import re
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.conftest import MovableClock
from tests.web.conftest import SignIn
from tests.web.test_api import counted
from tests.web.test_lists import sign_in, sqlite
from tests.workflow.registry import fill
from workflow.case_lists import Filters, list_cases
from workflow.db import Database
from workflow.models import Agency, Case
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
    late=st.booleans(),
)


@pytest.fixture
def registry(database: Database, clock: MovableClock) -> Database:
    """The demo's innovations, of two years, some late, some of a unit below its agency."""
    fill(database)
    with database.write() as session:
        unit = session.scalars(select(Agency).where(Agency.code == "puskesmas-tanon-1")).one()
        for n in range(1, 4):
            session.get_one(Case, n).agency = unit
        for n in range(3, 30, 3):
            case = session.get_one(Case, n)
            case.due_at = clock()
            case.number = case.number.replace("-2022-", "-2021-") if n % 2 else case.number
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
            if part.filters:
                assert list_cases(session, user, clock(), part.filters).total == part.count, part
            else:
                assert part.count == 0 or not part.value, part


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

    for name in FIGURES:
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
    assert len(few) == len(many) == 3
