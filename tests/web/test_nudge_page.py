"""The turn on the page of a case: who holds it, and one press that reminds them."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.web.conftest import Call, SignIn, csrf
from tests.web.test_lists import sqlite
from tests.workflow.test_assignment import ask, in_review
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Email

As = Callable[[Session, str], Actor]


@sqlite
def test_one_press_reminds_and_the_page_says_when_it_may_be_done_again(
    sign_in: SignIn, call: Call, database: Database, as_: As, run_workers: Callable[[], None]
) -> None:
    number = in_review(database, as_)
    ask(database, as_, number, "rudi", "sri")
    client = sign_in("endah")
    assert "Belum diingatkan pada status ini." in client.get(f"/usulan/{number}").text

    client.post(f"/usulan/{number}/ingatkan", data=csrf(client))
    page = client.get(f"/usulan/{number}").text
    assert "Pengingat dikirim: 2 surel." in page
    assert "Dapat diingatkan lagi Rabu, 14 September 2022." in page
    assert "Ingatkan lewat surel" not in page
    again = client.post(f"/usulan/{number}/ingatkan", data=csrf(client), follow_redirects=True).text
    assert "belum lama ini" in again
    run_workers()
    with database.read() as session:
        mail = session.scalars(select(Email).where(Email.kind == "nudged").order_by(Email.id)).first()
        assert mail is not None
        assert "Endah mengingatkan bahwa usulan inovasi" in mail.text
    proposer = sign_in("ani")
    assert "Ingatkan lewat surel" not in proposer.get(f"/usulan/{number}").text
    assert proposer.post(f"/usulan/{number}/ingatkan", data=csrf(proposer)).status_code == 403
    assert call("endah", "post", f"/proposals/{number}/nudges").status_code == 409
