"""A form as it was handed in each time, from the history of its case."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from tests.web.conftest import SignIn
from tests.workflow.engine import PKP
from workflow import commands
from workflow.db import Database
from workflow.ledger import Actor
from workflow.samples import sample

As = Callable[[Session, str], Actor]
SUMMARY = sample("change_plan")["summary"]


def handed_in_twice(database: Database, as_: As) -> str:
    with database.write() as session:
        ani, budi = as_(session, "ani"), as_(session, "budi")
        number = commands.start(session, ani, PKP).number
        commands.advance(session, ani, number, "submit", form=sample("change_plan"))
        commands.advance(session, budi, number, "request_revision", note="Sebutkan angkanya.")
        better = sample("change_plan") | {"summary": f"{SUMMARY} Angkanya 41 persen."}
        commands.advance(session, ani, number, "resubmit", form=better)
    return number


def test_each_version_is_reached_from_the_history_and_shows_what_changed(
    sign_in: SignIn, database: Database, as_: As
) -> None:
    number = handed_in_twice(database, as_)
    ani = sign_in("ani")
    history = ani.get(f"/usulan/{number}?tab=riwayat").text
    first, second = (ani.get(f"/usulan/{number}/versi/{seq}").text for seq in (2, 4))

    assert [seq for seq in range(1, 5) if f'href="/usulan/{number}/versi/{seq}"' in history] == [2, 4]
    assert "Angkanya 41 persen.</ins>" in second
    assert second.count('class="change-side"') == 2
    assert "change-side" not in first
    assert SUMMARY in first
    assert f'href="/usulan/{number}/versi/4"' in first


def test_there_is_no_version_where_nothing_was_handed_in_or_for_a_stranger(
    sign_in: SignIn, database: Database, as_: As
) -> None:
    number = handed_in_twice(database, as_)
    ani = sign_in("ani")
    assert [ani.get(f"/usulan/{number}/versi/{seq}").status_code for seq in (1, 3, 99, 10**12)] == [404] * 4
    assert sign_in("lain").get(f"/usulan/{number}/versi/2").status_code == 404
