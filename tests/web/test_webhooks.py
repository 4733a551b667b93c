"""The admin's page of webhooks: for admins alone, a secret shown once, which addresses, test, log."""

import re

import pytest
from sqlalchemy import select

from tests.web.conftest import SignIn, csrf
from workflow.db import Database
from workflow.models import Job, Webhook

SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")
PAGE = "/pengelola/webhook"
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def test_an_address_is_added_tested_renewed_and_switched_off(sign_in: SignIn, database: Database) -> None:
    dimas = sign_in("dimas")
    hidden = csrf(dimas)
    added = dimas.post(PAGE, data={"url": "https://contoh.go.id/x", "topics": ["case"], **hidden})
    first = SECRET.findall(added.text)
    renewed = SECRET.findall(dimas.post(f"{PAGE}/1", data={"_action": "rotate", **hidden}).text)
    for action in ("test", "off"):
        assert dimas.post(f"{PAGE}/1", data={"_action": action, **hidden}).status_code == 302
    pages = dimas.get(PAGE).text + dimas.get(f"{PAGE}/1").text + dimas.get("/pengiriman?jenis=job").text

    assert (len(first), len(renewed)) == (1, 1)
    assert first != renewed
    assert "https://contoh.go.id/x" in pages
    assert SECRET.findall(pages) == []
    with database.read() as session:
        job = session.scalars(select(Job)).one()
        assert (job.webhook_id, job.event_id, job.dropped_at is not None) == (1, None, True)
        assert session.get_one(Webhook, 1).topics == ["case"]


@pytest.mark.parametrize(
    ("url", "says"),
    [("http://contoh.go.id", "diawali https://"), ("https://127.0.0.1/", "WEBHOOK_PRIVATE"), ("", "lengkap")],
)
def test_a_bad_address_is_explained_and_nothing_is_kept(
    sign_in: SignIn, database: Database, url: str, says: str
) -> None:
    dimas = sign_in("dimas")
    refused = dimas.post(PAGE, data={"url": url, **csrf(dimas)})

    assert refused.status_code == 422
    assert says in refused.text
    with database.read() as session:
        assert session.scalars(select(Webhook)).all() == []


def test_only_an_admin_comes_in(sign_in: SignIn) -> None:
    endah = sign_in("endah")

    assert endah.get(PAGE).status_code == 403
    assert endah.post(PAGE, data={"url": "https://contoh.go.id/", **csrf(endah)}).status_code == 403
    assert PAGE not in endah.get("/beranda").text
