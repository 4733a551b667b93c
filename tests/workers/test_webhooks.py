"""Webhooks reach a real receiver: signed, once by id, never inside; a bad receiver harms nobody else."""

import os
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from standardwebhooks import Webhook as Receiver

from tests.conftest import MONDAY, MovableClock
from tests.servers import until
from workers import jobs, outward, webhooks
from workers.drain import Drain
from workers.embedded import EmbeddedWorkers
from workers.office import Office
from workers.outward import Unreachable
from workers.relay import due_work
from workflow import alarms, commands, delivery
from workflow import webhooks as hooks
from workflow.addresses import is_public, networks
from workflow.clock import system_clock
from workflow.db import Database
from workflow.definition import process, versions
from workflow.errors import Invalid
from workflow.ledger import Actor
from workflow.models import Job, Webhook, WebhookTry
from workflow.notices import NOTICES
from workflow.samples import sample
from workflow.settings import Settings
from workflow.topics import TOPICS, wanted

As = Callable[[Session, str], Actor]
COVER = {"title": "SIAGA POSYANDU", "category": "digital", "agency": "puskesmas-tanon-1"}
COVER |= {"cohort": "pkp-iv-2022", "mentor": "budi@contoh.invalid"}
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@dataclass
class Inbox:
    """What came in; each answer in `script` meets one request: (status, headers) or an Event to wait for."""

    url: str
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    script: deque[tuple[int, dict[str, str]] | threading.Event] = field(default_factory=deque)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _body in self.requests]


def serve(host: str, port: int = 0) -> tuple[ThreadingHTTPServer, Inbox]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
            answer = box.script.popleft() if box.script else (204, {})
            if isinstance(answer, threading.Event):
                answer.wait(30)
                answer = (204, {})
            self.send_response(answer[0])
            for name, value in answer[1].items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:  # noqa: ANN401 - the server's signature
            pass

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    box = Inbox(f"http://{host}:{server.server_port}/masuk?dari=loncatan")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, box


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    server, box = serve("127.0.0.1")
    yield box
    server.shutdown()
    server.server_close()


@pytest.fixture
def office(settings: Settings, database: Database, clock: MovableClock) -> Office:
    return Office(replace(settings, webhook_private="127.0.0.1/32"), database, clock)


@pytest.fixture
def subscribe(office: Office, inbox: Inbox, as_: As) -> Callable[..., tuple[int, str]]:
    """Adds the receiver for some topics: its id and its secret."""

    def add(*topics: str, url: str = "") -> tuple[int, str]:
        with office.database.write() as session:
            actor = as_(session, "dimas")
            hook, secret = hooks.add(session, actor, office.settings, url or inbox.url, list(topics))
            return hook.id, secret

    return add


def begin(database: Database, as_: As) -> str:
    with database.write() as session:
        return commands.start(session, as_(session, "ani"), COVER).number


def owed(office: Office) -> list[int]:
    with office.database.read() as session:
        return [row for kind, row in due_work(session, office.clock()) if kind == "webhook"]


def job(office: Office, job_id: int) -> Job:
    with office.database.read() as session:
        return session.get_one(Job, job_id)


def test_every_event_is_told_once_to_each_who_asked_and_the_signature_holds(
    office: Office, as_: As, inbox: Inbox, subscribe: Callable[..., tuple[int, str]]
) -> None:
    _all, secret = subscribe()
    _some, other = subscribe("pkp_proposal")
    number = begin(office.database, as_)
    with office.database.write() as session:
        commands.advance(session, as_(session, "ani"), number, "submit", form=sample("change_plan"))
    for row in owed(office):
        assert webhooks.deliver(office, row)
        assert not webhooks.deliver(office, row)

    told = [
        Receiver(secret).verify(body, headers)
        for headers, body in inbox.requests
        if _by(secret, headers, body)
    ]
    assert [message["type"] for message in told] == ["case.created", "pkp_proposal.submitted"]
    assert told[1]["data"] == {
        "id": 2,
        "number": number,
        "state_before": "pkp_proposal.draft",
        "state_after": "pkp_proposal.mentor_review",
        "url": f"{office.settings.address}/usulan/{number}",
    }
    assert sum(_by(other, headers, body) for headers, body in inbox.requests) == 1
    assert len(inbox.requests) == 3


def _by(secret: str, headers: dict[str, str], body: bytes) -> bool:
    try:
        Receiver(secret).verify(body, headers)
    except Exception:  # noqa: BLE001 - the library's own
        return False
    return True


def test_every_family_of_events_can_be_chosen_and_what_people_said_of_themselves_is_told_to_nobody() -> None:
    steps = {step.event for version in versions() for step in process(version).transitions}

    assert {name.partition(".")[0] for name in steps | set(NOTICES) | {"claim.named"}} == set(TOPICS)
    assert not wanted([], "people.conflict_declared")


def test_a_worker_killed_before_its_mark_sends_the_same_id_again(
    office: Office, as_: As, clock: MovableClock, inbox: Inbox, subscribe: Callable[..., tuple[int, str]]
) -> None:
    subscribe()
    begin(office.database, as_)
    (row,) = owed(office)
    held = threading.Event()
    inbox.script.append(held)
    program = (
        "import os, datetime\n"
        "from workers import webhooks\nfrom workers.office import Office\n"
        "from workflow.db import Database\nfrom workflow.settings import Settings\n"
        "settings = Settings.from_env(os.environ)\n"
        f"now = datetime.datetime.fromisoformat('{MONDAY.isoformat()}')\n"
        f"webhooks.deliver(Office(settings, Database(settings.database), lambda: now), {row})\n"
    )
    settings = replace(office.settings, database_url=office.database.url)
    child = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, **settings.environment()})
    assert until(lambda: len(inbox.requests) == 1, 30)
    child.kill()
    child.wait()
    held.set()

    assert not webhooks.deliver(office, row)
    clock.tick(seconds=jobs.LEASE.total_seconds() + 1)
    assert webhooks.deliver(office, row)
    assert len(inbox.ids) == 2
    assert len(set(inbox.ids)) == 1


def test_a_receiver_that_is_down_is_tried_later_and_later_then_parked_and_told_again_when_it_is_back(
    office: Office, as_: As, clock: MovableClock, inbox: Inbox, subscribe: Callable[..., tuple[int, str]]
) -> None:
    hook, _secret = subscribe()
    begin(office.database, as_)
    (row,) = owed(office)
    inbox.script.extend([(503, {})] * jobs.MAX_ATTEMPTS)
    waits = []
    while job(office, row).parked_at is None:
        assert not webhooks.deliver(office, row)
        waits.append((job(office, row).due_at - clock()).total_seconds())
        clock.now = job(office, row).due_at

    assert waits[:3] == [10, 20, 40]
    assert len(waits) == jobs.MAX_ATTEMPTS
    with office.database.write() as session:
        assert delivery.retry(session, "job", row, clock())
        assert session.info["owed"] == [("webhook", row)]
    assert webhooks.deliver(office, row)
    assert len(set(inbox.ids)) == 1
    with office.database.read() as session:
        log = session.scalars(select(WebhookTry).where(WebhookTry.webhook_id == hook).order_by(WebhookTry.id))
        assert [t.status for t in log] == [503] * jobs.MAX_ATTEMPTS + [204]


def test_a_receiver_at_which_much_is_parked_is_switched_off_and_nothing_of_it_is_lost(
    office: Office, as_: As, clock: MovableClock, inbox: Inbox, subscribe: Callable[..., tuple[int, str]]
) -> None:
    hook, _secret = subscribe()
    for _ in range(hooks.PARKED_MOST + 2):
        begin(office.database, as_)
    inbox.script.extend([(500, {})] * 1000)
    while rows := owed(office):
        for row in rows:
            webhooks.deliver(office, row)
        clock.tick(minutes=31)
    with office.database.write() as session:
        assert session.get_one(Webhook, hook).off_reason
        assert alarms.noticed(session, clock())["webhook"] == "1 alamat"
        before = len(inbox.requests)
        assert hooks.switch_on(session, hooks.locked(session, hook), clock()) == hooks.PARKED_MOST + 2
    inbox.script.clear()
    for row in owed(office):
        assert webhooks.deliver(office, row)
    assert len(set(inbox.ids[before:])) == hooks.PARKED_MOST + 2


def test_an_address_that_is_gone_is_switched_off_at_once(
    office: Office, as_: As, inbox: Inbox, subscribe: Callable[..., tuple[int, str]]
) -> None:
    hook, _secret = subscribe()
    begin(office.database, as_)
    inbox.script.append((410, {}))
    assert not webhooks.deliver(office, owed(office)[0])
    begin(office.database, as_)

    assert owed(office) == []
    with office.database.read() as session:
        assert "410" in (session.get_one(Webhook, hook).off_reason or "")
        assert len(session.scalars(select(Job).where(Job.webhook_id == hook)).all()) == 1


@on_sqlite
def test_a_redirect_is_not_followed(
    office: Office, as_: As, inbox: Inbox, subscribe: Callable[..., tuple[int, str]]
) -> None:
    subscribe()
    begin(office.database, as_)
    inbox.script.append((302, {"Location": inbox.url}))
    (row,) = owed(office)

    assert not webhooks.deliver(office, row)
    assert job(office, row).error == "penerima menjawab 302"
    assert len(inbox.requests) == 1


@pytest.mark.parametrize(
    "inner",
    [
        "10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "0.1.2.3", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "fec0::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
        "::127.0.0.1",
    ],
)  # fmt: skip
def test_an_internal_address_is_refused(inner: str) -> None:
    assert not is_public(ip_address(inner))
    host = f"[{inner}]" if ":" in inner else inner
    with pytest.raises(Unreachable, match="alamat internal"):
        outward.post(f"https://{host}/", {}, b"", ())


def test_public_addresses_and_allowed_networks_are_not_refused() -> None:
    assert is_public(ip_address("103.10.10.10"))
    assert is_public(ip_address("2001:4860:4860::8888"))
    with pytest.raises(Unreachable, match="sambungan gagal"):
        outward.post("http://127.0.0.1:1/", {}, b"", networks("127.0.0.0/8"))
    with pytest.raises(Unreachable, match="alamat internal"):
        outward.post("http://127.0.0.1:1/", {}, b"", networks("10.0.0.0/8"))


def test_a_name_that_changes_after_the_check_leads_nowhere_else(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(inbox.url.split(":")[2].split("/")[0])
    inside, trap = serve("127.0.0.2", port)
    answers = deque(["127.0.0.1", "127.0.0.2", "127.0.0.2"])

    def resolve(*_: Any, **__: Any) -> list[Any]:  # noqa: ANN401 - the resolver's signature
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.popleft(), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    try:
        assert outward.post(f"http://penerima.contoh:{port}/", {}, b"{}", networks("127.0.0.1/32")) == 204
        with pytest.raises(Unreachable, match="alamat internal"):
            outward.post(f"http://penerima.contoh:{port}/", {}, b"{}", networks("127.0.0.1/32"))
    finally:
        inside.shutdown()
        inside.server_close()

    assert len(inbox.requests) == 1
    assert trap.requests == []
    assert len(answers) == 1


def test_a_receiver_that_never_finishes_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    except OSError:
                        return

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        with pytest.raises(Unreachable, match="tidak ada jawaban"):
            outward.post(url, {}, b"{}", networks("127.0.0.1/32"), limit=0.5)
        stop.set()


@on_sqlite
def test_a_silent_receiver_holds_up_nothing_but_webhooks(
    office: Office, as_: As, inbox: Inbox, subscribe: Callable[..., tuple[int, str]]
) -> None:
    held = threading.Event()
    inbox.script.extend([held] * 50)
    subscribe()
    workers = EmbeddedWorkers(office.settings, office.database, system_clock)
    workers.start()
    for _ in range(4):
        number = begin(office.database, as_)
    assert until(lambda: len(inbox.requests) >= 2, 20)
    with office.database.write() as session:
        commands.advance(session, as_(session, "ani"), number, "submit", form=sample("change_plan"))

    def ours_done() -> bool:
        with office.database.read() as session:
            ours = select(Job).where(Job.webhook_id.is_(None))
            return all(row.done_at for row in session.scalars(ours))

    assert until(ours_done, 10)
    held.set()
    assert until(lambda: len(set(inbox.ids)) == 5, 20)
    workers.stop()


@on_sqlite
def test_a_secret_is_told_once_sealed_at_rest_and_never_logged(
    office: Office,
    as_: As,
    inbox: Inbox,
    subscribe: Callable[..., tuple[int, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    hook, secret = subscribe()
    with office.database.write() as session:
        actor = replace(as_(session, "dimas"), at=system_clock())
        renewed = hooks.rotate(session, actor, office.settings, hook)
        kept = hooks.locked(session, hook)
        assert not {secret, renewed} & {kept.secret, kept.previous_secret}
    begin(office.database, as_)
    assert webhooks.deliver(office, owed(office)[0])

    headers, body = inbox.requests[0]
    assert all(_by(each, headers, body) for each in (secret, renewed))
    logged = "".join(capsys.readouterr())
    assert "webhook" in logged
    assert not any(each[6:] in logged for each in (secret, renewed))


@on_sqlite
def test_another_installation_key_is_said_so(
    office: Office, as_: As, inbox: Inbox, subscribe: Callable[..., tuple[int, str]]
) -> None:
    subscribe()
    begin(office.database, as_)
    (row,) = owed(office)
    other = replace(office, settings=replace(office.settings, secret_key="z" * 40))

    assert not webhooks.deliver(other, row)
    assert "ganti rahasia" in (job(office, row).error or "")
    assert inbox.requests == []


@on_sqlite
def test_ordinary_workers_leave_webhooks_alone(
    office: Office, as_: As, clock: MovableClock, subscribe: Callable[..., tuple[int, str]]
) -> None:
    subscribe()
    begin(office.database, as_)
    Drain(office.settings, office.database)(clock())
    (row,) = owed(office)

    assert not jobs.run_job(office, row)
    assert job(office, row).attempts == 0


@on_sqlite
@pytest.mark.parametrize(
    "url", ["http://contoh.go.id/", "https://10.0.0.1/", "ftp://x/", "https://a:b@c.id/", "https://[/", ""]
)
def test_an_address_that_cannot_do_is_refused_at_its_field(
    database: Database, settings: Settings, as_: As, url: str
) -> None:
    with database.write() as session, pytest.raises(Invalid) as refused:
        hooks.add(session, as_(session, "dimas"), settings, url, [])
    assert [problem.pointer for problem in refused.value.problems] == ["/url"]
