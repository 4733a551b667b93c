"""Pages as a browser without script uses them: forms with their hidden fields."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.conftest import MovableClock
from web import create_app
from workflow.db import Database
from workflow.models import Case
from workflow.settings import Settings


@pytest.fixture
def ani(settings: Settings, database: Database, clock: MovableClock) -> FlaskClient:
    """A browser in which Ani has signed in."""
    client = create_app(replace(settings, demo=True), database, clock).test_client()
    answer = client.post("/demo/masuk", data={"email": "ani@contoh.invalid", **hidden(client, "/proses")})
    assert answer.headers["Location"] == "/beranda"
    return client


def hidden(client: FlaskClient, path: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', client.get(path).text))


def test_a_double_click_makes_one_case(ani: FlaskClient, database: Database) -> None:
    posted = {
        **hidden(ani, "/usulan/baru"),
        "/title": "SIAGA POSYANDU: gizi balita",
        "/category": "digital",
        "/agency": "puskesmas-tanon-1",
    }

    first, second = ani.post("/usulan/baru", data=posted), ani.post("/usulan/baru", data=posted)

    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 1


def test_a_form_without_its_token_is_refused(ani: FlaskClient, database: Database) -> None:
    answer = ani.post("/usulan/baru", data={"/title": "SIAGA POSYANDU", "/category": "digital"})

    assert answer.status_code == 400
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0
