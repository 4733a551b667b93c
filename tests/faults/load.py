"""Officers at work through the public API, at a bounded rate, who never take no answer for an answer.

Each request carries an Idempotency-Key and is repeated with it until the system has said yes or no.
"""

import http.client
import json
import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from tests.faults.ledger import Command, Ledger
from workflow.samples import sample

REQUEST_SECONDS = 20.0
GIVE_UP_SECONDS = 120.0
PAUSE_SECONDS = 0.2
AGENCY, COHORT = "puskesmas-tanon-1", "pkp-iv-2022"


class Office(Protocol):
    """What a load needs to know of a stand."""

    tokens: dict[str, str]
    web_ports: list[int]
    web_host: str

    def assign_reviewers(self, number: str) -> None: ...


class GaveUp(Exception):
    """No answer in GIVE_UP_SECONDS."""


@dataclass
class Answer:
    status: int
    etag: str
    body: dict[str, Any]


class Officer:
    """One thread's HTTP connection, and the stubbornness to ask again."""

    def __init__(self, office: Office, ledger: Ledger) -> None:
        self.office, self._ledger = office, ledger
        self._connection: http.client.HTTPConnection | None = None

    def command(self, who: str, path: str, body: dict[str, Any], etag: str, command: Command) -> Answer:
        """POST until answered; the ledger's entry learns what became of it. Raises GaveUp."""
        headers = {"Idempotency-Key": secrets.token_hex(12)}
        if etag:
            headers["If-Match"] = etag
        self._ledger.add(command)
        answer = self.ask("POST", who, path, body, headers, command)
        command.status, command.answered_at = answer.status, time.monotonic()
        return answer

    def ask(
        self,
        method: str,
        who: str,
        path: str,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        command: Command | None = None,
    ) -> Answer:
        ends_at = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < ends_at:
            started = time.monotonic()
            answer = self._once(method, who, path, body, headers or {})
            seconds = time.monotonic() - started
            if command is not None:
                command.tries += 1
                command.slowest = max(command.slowest, seconds)
                self._ledger.latencies.append(seconds)
            if answer is not None and answer.status < http.client.INTERNAL_SERVER_ERROR:
                return answer
            if answer is not None and answer.status != http.client.SERVICE_UNAVAILABLE:
                self._ledger.complain(f"{answer.status} {method} {path}")
            time.sleep(PAUSE_SECONDS)
        raise GaveUp(path)

    def _once(
        self, method: str, who: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
    ) -> Answer | None:
        """One request; None if the connection broke or timed out."""
        if self._connection is None:
            port = random.choice(self.office.web_ports)  # noqa: S311 - as a balancer would
            self._connection = http.client.HTTPConnection(self.office.web_host, port, timeout=REQUEST_SECONDS)
        sent = {"Authorization": f"Bearer {self.office.tokens[who]}", **headers}
        payload = None
        if body is not None:
            payload, sent["Content-Type"] = json.dumps(body), "application/json"
        try:
            self._connection.request(method, f"/api/v1{path}", payload, sent)
            response = self._connection.getresponse()
            text = response.read()
            return Answer(response.status, response.headers.get("ETag", ""), json.loads(text))
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            self.hang_up()
            return None

    def hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Case:
    """One proposal on its way: begun, submitted, returned, submitted again, approved, judged."""

    def __init__(self, officer: Officer, ledger: Ledger, turn: int) -> None:
        self._officer, self._ledger, self._turn = officer, ledger, turn
        self.number, self._etag = "", ""

    def steps(self) -> list[Callable[[], None]]:
        """What happens to it, in order; every third goes through the seminar as well."""
        plan = sample("change_plan", self._turn % 20)
        better = sample("change_plan", (self._turn + 7) % 20)
        note = f"Perjelas data dasar, butir {self._turn}."
        found: list[Callable[[], None]] = [
            self._begin,
            lambda: self._step("ani", "submit", {"form": plan}),
            lambda: self._step("budi", "request_revision", {"note": note}),
            lambda: self._step("ani", "resubmit", {"form": better}),
            lambda: self._step("budi", "approve", {}),
        ]
        if self._turn % 3 == 0:
            reviewers: list[Callable[[], None]] = [
                lambda who=who: self._review(who)  # type: ignore[misc]
                for who in ("rudi", "sri", "tono")
            ]
            found += [self._assign, *reviewers]
        return found

    def _begin(self) -> None:
        sent = {"title": f"Layanan uji nomor {self._turn}", "category": "digital"}
        cover = {**sent, "agency": AGENCY, "cohort": COHORT, "mentor": "budi@contoh.invalid"}
        command = Command("", "case.created", sent, time.monotonic())
        answer = self._officer.command("ani", "/proposals", cover, "", command)
        self._heard(command, answer)
        if command.acknowledged:
            self.number = command.case = str(answer.body["number"])

    def _step(self, who: str, name: str, body: dict[str, Any]) -> None:
        command = Command(self.number, name, body, time.monotonic())
        path = f"/proposals/{self.number}/transitions/{name}"
        self._heard(command, self._officer.command(who, path, body, self._etag, command))

    def _assign(self) -> None:
        self._officer.office.assign_reviewers(self.number)  # no route of the API does

    def _review(self, who: str) -> None:
        document = sample("design_seminar_review", self._turn % 20)
        document["scores"] = dict.fromkeys(document["scores"], 85)
        body = {key: document[key] for key in ("recommendation", "scores", "comment")}
        command = Command(self.number, f"review:{who}", {"review": body}, time.monotonic())
        path = f"/proposals/{self.number}/reviews"
        self._heard(command, self._officer.command(who, path, body, "", command))

    def _heard(self, command: Command, answer: Answer) -> None:
        if command.refused:
            self._ledger.complain(f"{answer.status} {command.what} {self.number}: {answer.body}")
        self._etag = answer.etag or self._etag


class Load:
    """A few threads that work on cases until told to stop; each then ends the case it holds."""

    def __init__(self, office: Office, threads: int = 3, per_second: float = 12.0) -> None:
        self.ledger = Ledger()
        self._office = office
        self._pause = threads / per_second if per_second else 0.0
        self._stop = threading.Event()
        self._turn = iter(range(10**9))
        self._threads = [
            threading.Thread(target=self._work, name=f"load-{n}", daemon=True) for n in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Every command asked has been answered, or was given up."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        officer = Officer(self._office, self.ledger)
        try:
            while not self._stop.is_set():
                self._play(officer)
        except GaveUp:
            self.ledger.complain("gave up")
        finally:
            officer.hang_up()

    def _play(self, officer: Officer) -> None:
        officer.hang_up()
        for step in Case(officer, self.ledger, next(self._turn)).steps():
            step()
            if self._stop.wait(self._pause):
                return
