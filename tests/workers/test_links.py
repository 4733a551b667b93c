"""Links that prove something are opened as an assessor would: by real requests, never inside."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.conftest import MovableClock
from tests.web.test_entry_pages import entry
from workers import links
from workers.office import Office
from workflow import commands
from workflow.addresses import networks
from workflow.calendar import wib_date
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Case, IndicatorClaim
from workflow.settings import Settings

__all__ = ["entry"]
As = Callable[[Session, str], Actor]
HERE = networks("127.0.0.0/8")
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass
class Site:
    url: str
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    """Answers `/200`, `/404` … with that status, `/301/x` with a way to `/x`, `/out` to Google's door."""
    state = Site("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            first, _sep, rest = self.path.strip("/").partition("/")
            self.send_response(302 if first in {"out", "in"} else int(first))
            if first == "out":
                self.send_header("Location", "https://accounts.google.com/ServiceLogin")
            elif first == "in":
                self.send_header("Location", "http://10.0.0.1/admin")
            elif rest:
                self.send_header("Location", f"/{rest}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield state
        server.shutdown()


@pytest.mark.parametrize(
    ("path", "state", "note"),
    [
        ("/200", "alive", ""),
        ("/302/200", "alive", ""),
        ("/301/200", "moved", "/200"),
        ("/403", "private", "403"),
        ("/out", "private", "meminta masuk akun"),
        ("/301/404", "dead", "404"),
        ("/410", "dead", "410"),
        ("/503", "silent", "503"),
        ("/in", "silent", "10.0.0.1 adalah alamat internal"),
        ("/302/302/302/302/302/302/302/200", "silent", "terlalu banyak pengalihan"),
    ],
)
def test_a_link_is_what_it_is_to_somebody_signed_in_nowhere(
    site: Site, path: str, state: str, note: str
) -> None:
    looked = links.look(site.url + path, HERE)

    assert looked.state == state
    assert note in looked.note


def test_nothing_inside_is_asked(site: Site) -> None:
    assert links.look(f"{site.url}/200").state == "silent"
    assert links.look("file:///etc/passwd").state == "silent"
    assert links.look("https://[bukan").state == "silent"
    assert site.asked == []


def name_link(database: Database, as_: As, number: str, link: str) -> None:
    """As somebody names one; the address of a test's own server would be refused there."""
    with database.write() as session:
        new = commands.NewClaim(level=1, basis="", link="https://contoh.invalid/video")
        commands.claim_level(session, as_(session, "ani"), number, "20", new)
        session.execute(update(IndicatorClaim).values(link=link))


def claim(database: Database) -> IndicatorClaim:
    with database.read() as session:
        return session.scalars(select(IndicatorClaim)).one()


def test_a_link_is_looked_at_at_once_then_weekly_until_the_entry_is_frozen(
    database: Database, settings: Settings, clock: MovableClock, as_: As, entry: str, site: Site
) -> None:
    office = Office(settings, database, clock)
    name_link(database, as_, entry, f"{site.url}/200")
    turns = [links.check(office, HERE), links.check(office, HERE)]
    first = claim(database)
    clock.tick(days=6)
    turns.append(links.check(office, HERE))
    clock.tick(days=2)
    turns.append(links.check(office, HERE))
    with database.write() as session:
        session.execute(update(Case).values(state="competition.sent"))
    clock.tick(days=30)
    turns.append(links.check(office, HERE))

    assert (first.link_state, first.link_checked_on) == ("alive", wib_date(clock() - timedelta(days=38)))
    assert turns == [1, 0, 0, 1, 0]
    assert claim(database).link_due_at is None
    assert site.asked == ["/200", "/200"]


@on_sqlite
def test_a_worker_that_died_over_a_link_leaves_it_to_the_next_and_a_new_link_begins_anew(
    database: Database, settings: Settings, clock: MovableClock, as_: As, entry: str, site: Site
) -> None:
    office = Office(settings, database, clock)
    name_link(database, as_, entry, f"{site.url}/404")
    assert links._take(office) is not None  # noqa: SLF001 - and there it died
    held = links.check(office, HERE)
    clock.tick(minutes=11)
    taken_over = links.check(office, HERE)
    found = claim(database).link_state
    with database.write() as session:
        new = commands.NewClaim(level=1, basis="", link="https://contoh.invalid/lain")
        commands.claim_level(session, as_(session, "ani"), entry, "20", new)

    assert (held, taken_over, found) == (0, 1, "dead")
    assert (claim(database).link_state, claim(database).link_due_at) == (None, clock())
