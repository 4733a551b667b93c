"""The comparison: what the load was told, what the database holds, what arrived in the postbox."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.faults.ledger import Command, Ledger
from tests.faults.postbox import Postbox
from workflow import audit
from workflow.db import Database
from workflow.definition import process
from workflow.models import Case, Deadline, Email, Event, Job, User
from workflow.notices import notices_for

AUDIENCES = {"proposer": "ani", "mentor": "budi", "organiser": "retno"}
ALWAYS_TOLD = {"proposer", "subject"}


@dataclass
class Row:
    """One line of the table. What counts as wrong is listed in `faults`, in words."""

    scenario: str = ""
    hits: int = 0
    cases: int = 0
    asked: int = 0
    acknowledged: int = 0
    events: int = 0
    owed: int = 0
    received: int = 0
    lost: int = 0
    doubled: int = 0
    repeated: int = 0
    unknown: int = 0
    parked: int = 0
    altered: int = 0
    stall: float = 0.0
    recover: float = 0.0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    held: dict[str, list[str]] = field(default_factory=lambda: {"unknown": [], "parked": []})
    """What waits for a person, and why, by its kind."""
    skipped: str = ""

    @property
    def sound(self) -> bool:
        return not self.faults

    def blame(self, count: int, words: str) -> None:
        if count:
            self.faults.append(f"{count} {words}")


def judge(row: Row, ledger: Ledger, database: Database, postbox: Postbox) -> None:
    """Fill in everything but how long it took and how often the fault hit."""
    row.asked, row.acknowledged = len(ledger.commands), len(ledger.acknowledged())
    row.stall = ledger.longest_stall()
    row.faults += sorted(set(ledger.unexpected))
    with database.read() as session:
        _commands(session, ledger, row)
        _mails(session, ledger, postbox, row)
        _jobs(session, ledger, row)
    with database.snapshot() as session:
        verdict = audit.verify(session)
        if not verdict.intact:
            row.faults.append(f"chain broken at {verdict.event_id}: {verdict.fault}")
    with database.snapshot() as session:
        row.faults += list(audit.differences(session))[:3]


def _commands(session: Session, ledger: Ledger, row: Row) -> None:
    """Every acknowledged command is one event with what was sent; no event was not asked for."""
    cases = ledger.by_case()
    row.cases = len(cases)
    lost = doubled = altered = unasked = 0
    for number, commands in cases.items():
        events = _events(session, number)
        row.events += len(events)
        mine = [e for e in events if e.role != "system" and e.name != "people.assigned"]
        held: dict[str, list[Event]] = defaultdict(list)
        for event in mine:
            held[_what(session, event)].append(event)
        for command in commands:
            found = held.pop(command.what, [])
            lost += command.acknowledged and not found
            doubled += max(len(found) - 1, 0)
            altered += any(_altered(command, event) for event in found)
        unasked += sum(len(events) for events in held.values())
    row.lost += lost
    row.doubled += doubled
    row.altered += altered
    row.blame(lost, "acknowledged commands missing")
    row.blame(doubled, "commands done twice")
    row.blame(altered, "events differ from what was sent")
    row.blame(unasked, "events nobody asked for")


def _events(session: Session, number: str) -> list[Event]:
    query = select(Event).join(Case, Case.id == Event.case_id).where(Case.number == number)
    return list(session.scalars(query.order_by(Event.seq)))


def _what(session: Session, event: Event) -> str:
    if event.name == "case.reviewed":
        return f"review:{_nick(session.get_one(User, event.actor_id))}"
    return str(event.data.get("transition", event.name))


def _nick(user: User) -> str:
    return user.email.partition("@")[0]


def _altered(command: Command, event: Event) -> bool:
    held: dict[str, Any] = {**event.data, **(event.content or {})}
    return any(held.get(key) != value for key, value in command.sent.items())


def _mails(session: Session, ledger: Ledger, postbox: Postbox, row: Row) -> None:
    """Every mail that the stage files owe exists, and arrived once or says what became of it."""
    copies, texts = postbox.copies(), {a.message_id: a for a in list(postbox.arrivals)}
    unwritten = 0
    for number in ledger.by_case():
        for event in _events(session, number):
            rows = list(session.scalars(select(Email).where(Email.event_id == event.id)))
            expected = _expected(session, event)
            written = Counter((m.kind, m.to_address) for m in rows)
            row.owed += len(expected)
            unwritten += sum((expected - written).values())
            row.blame(sum((written - expected).values()), "mails nobody is owed")
            for mail in rows:
                _mail(mail, copies[mail.message_id], row)
                arrival = texts.get(mail.message_id)
                if arrival and (_plain(arrival.subject), _plain(arrival.text)) != (
                    _plain(mail.subject),
                    _plain(mail.text),
                ):
                    row.altered += 1
                    row.faults.append(f"mail {mail.message_id} altered on its way")
    row.lost += unwritten
    row.blame(unwritten, "mails owed but never written")


def _plain(text: str) -> str:
    return " ".join(text.split())


def _mail(mail: Email, copies: int, row: Row) -> None:
    row.received += min(copies, 1)
    harmless = mail.on_unknown == "resend"
    if copies > 1:
        row.repeated += harmless * (copies - 1)
        row.doubled += (not harmless) * (copies - 1)
        if not harmless:
            row.faults.append(f"mail {mail.message_id} arrived {copies} times")
    explained = bool(mail.error)
    if mail.done_at is None and mail.unknown_at is not None and explained:
        row.unknown += 1
        row.held["unknown"].append(f"mail {mail.message_id}, {copies} arrived: {_stand(mail)}")
    elif mail.done_at is None and mail.parked_at is not None and explained and not copies:
        row.parked += 1
        row.held["parked"].append(f"mail {mail.message_id}: {_stand(mail)}")
    elif mail.done_at is None:
        row.lost += 1
        row.faults.append(f"mail {mail.message_id} neither sent nor unknown nor parked: {_stand(mail)}")
    elif not copies:
        row.lost += 1
        row.faults.append(f"mail {mail.message_id} marked as sent but never received")


def _stand(mail: Email) -> str:
    lease = f"handed {mail.handed_at}, leased {mail.leased_until}"
    return f"attempts {mail.attempts}, due {mail.due_at}, {lease}, {mail.error}"


def _expected(session: Session, event: Event) -> Counter[tuple[str, str]]:
    """Whom the stage file owes which mail, worked out from the cast of the stand alone."""
    case = session.get_one(Case, event.case_id)
    actor = _nick(session.get_one(User, event.actor_id)) if event.actor_id else ""
    owed: Counter[tuple[str, str]] = Counter()
    for audience, kind in notices_for(process(case.process), event.name, event.data).items():
        who = AUDIENCES.get(audience, "")
        if audience == "subject":
            who = _nick(session.get_one(User, event.data["user"]))
        if audience == "owner":
            who = AUDIENCES[process(case.process).states[event.data["state"]].owner]
        if who and (who != actor or audience in ALWAYS_TOLD):
            owed[kind, f"{who}@contoh.invalid"] += 1
    return owed


def _jobs(session: Session, ledger: Ledger, row: Row) -> None:
    """Every duty is done; a reviewed case has moved by itself, once."""
    numbers = list(ledger.by_case())
    mine = select(Event.id).join(Case, Case.id == Event.case_id).where(Case.number.in_(numbers))
    undone = session.scalars(select(Job).where(Job.event_id.in_(mine), Job.done_at.is_(None)))
    for job in undone:
        if job.parked_at is not None and job.error:
            row.parked += 1
            row.held["parked"].append(f"job {job.id} ({job.handler}): {job.error}")
        else:
            row.lost += 1
            row.faults.append(f"job {job.id} ({job.handler}) undone: attempts {job.attempts}, {job.error}")
    _deadlines(session, numbers, row)
    for number, commands in ledger.by_case().items():
        reviews = sum(c.what.startswith("review:") and c.acknowledged for c in commands)
        moves = sum(e.name.endswith(".design_passed") for e in _events(session, number))
        if moves > 1 or (reviews >= 3 and moves != 1):
            row.faults.append(f"{number} moved by itself {moves} times after {reviews} reviews")


def _deadlines(session: Session, numbers: list[str], row: Row) -> None:
    """Every reminder that fell due was given once, or its case had moved on."""
    cases = select(Case.id).where(Case.number.in_(numbers))
    rows = list(session.scalars(select(Deadline).where(Deadline.case_id.in_(cases))))
    told = select(Event).where(Event.case_id.in_(cases), Event.name == "deadline.reminded")
    given = Counter((e.case_id, e.data["kind"], e.data["ends_at"]) for e in session.scalars(told))
    fired = Counter((d.case_id, d.kind, d.ends_at.isoformat()) for d in rows if d.fired_at is not None)
    row.blame(sum((given - fired).values()), "reminders given twice")
    row.blame(sum((fired - given).values()), "reminders marked but not given")
    now = datetime.now(UTC)
    late = [d for d in rows if d.fired_at is None and d.cancelled_at is None and d.at <= now]
    row.lost += len(late)
    row.blame(len(late), "reminders due and not given")
