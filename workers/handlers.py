"""Reactions to events. Each runs inside one transaction, together with the mark that it is done."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from workers import mail
from workers.office import Office
from workflow import adoptions, commands, dates, held, policy, redaction, revision
from workflow.audiences import tell
from workflow.commands.find import locked
from workflow.db import owe
from workflow.definition import process
from workflow.ledger import Actor
from workflow.mail_groups import switch_of
from workflow.models import Case, Email, Event, User
from workflow.notices import notices_for
from workflow.phrases import ROLE_NAMES
from workflow.seminars.letter import told


@dataclass(frozen=True)
class Task:
    """One job at work: its transaction and the event it is owed to."""

    office: Office
    session: Session
    event: Event
    now: datetime

    @property
    def case(self) -> Case:
        return self.session.get_one(Case, self.event.case_id)


def notify(task: Task) -> None:
    """Write one mail row per person whom the event concerns; muted where they want no mail of it."""
    for person, audience, kind, mailed in addressed(task):
        _owe_mail(task, task.case, person, audience, kind, muted=not mailed)


def addressed(task: Task) -> Iterator[tuple[User, str, str, bool]]:
    """Who is told about the event: person, audience, kind, and whether by mail."""
    case = task.case
    notices = notices_for(process(case.process), task.event.name, task.event.data)
    for audience, kind in notices.items():
        for person, mailed in tell(task.session, audience, kind, case, task.event, task.now):
            if person.id != task.event.actor_id or audience in {"proposer", "subject"}:
                yield person, audience, kind, mailed


def written(task: Task, person: User, audience: str, kind: str) -> mail.Letter:
    """The mail as it is sent: in the words that were chosen for it before a release, where they were."""
    chosen = (task.event.content or {}).get("mails", {}).get(held.key(kind, person))
    context = _context(task, task.case, person, audience)
    if policy.is_blind(person, task.case):
        context, chosen = _blind(task, context), None
    return mail.render(kind, person.locale, context, chosen)


def _blind(task: Task, context: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same for a reviewer of a blind round: neither title nor agency, no names."""
    redact = redaction.redactor(task.session, task.case)
    case, event = context["case"], context["event"]
    url = f"{task.office.settings.address}/telaah/{task.case.number}"
    hidden = {"title": redaction.name_of(task.case), "agency": redaction.MARK, "url": url}
    note, requests = event["note"], [redact(text) for text in event["requests"]]
    told = {"note": redact(note) if note else None, "requests": requests, "file": None, "files": []}
    return {**context, "case": case | hidden, "event": event | told, "actor": None, "origin": None}


def autopilot(task: Task) -> None:
    """Take the next step that belongs to the system, if its guards hold now.

    Where it stays because a round's time is over without a quorum, those who assign are told.
    """
    (case,) = locked(task.session, Case.id == task.event.case_id)
    nobody = Actor(None, task.now)
    if commands.advance_by_itself(task.session, case, nobody) is None:
        commands.hand_round_over(task.session, case, nobody)


def recheck_conflicts(task: Task) -> None:
    """People or agency of a case changed: end assignments that this made conflicts of interest."""
    commands.recheck_case(task.session, task.event.case_id, Actor(None, task.now))


def tell_origin(task: Task) -> None:
    """An adoption came about: the innovation it began with may now have enough of them."""
    origin = adoptions.root_of(task.case)
    (case,) = locked(task.session, Case.id == origin.id)
    commands.advance_by_itself(task.session, case, Actor(None, task.now))


HANDLERS: dict[str, Callable[[Task], None]] = {
    "notify": notify,
    "autopilot": autopilot,
    "recheck_conflicts": recheck_conflicts,
    "tell_origin": tell_origin,
}


def _owe_mail(task: Task, case: Case, person: User, audience: str, kind: str, *, muted: bool) -> None:
    domain = urlsplit(task.office.settings.address).hostname or "loncatan"
    message_id = f"<{kind}.{task.event.id}.{person.id}@{domain}>"
    if task.session.scalar(select(Email.id).where(Email.message_id == message_id)) is not None:
        return
    letter = written(task, person, audience, kind)
    email = Email(
        event_id=task.event.id,
        recipient_id=person.id,
        kind=kind,
        to_address=person.email,
        message_id=message_id,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        on_unknown=letter.on_unknown,
        mail_group=switch_of(kind, audience, case, task.event),
        muted=muted,
        due_at=task.now,
        dropped_at=task.now if muted else None,
        created_at=task.now,
    )
    task.session.add(email)
    task.session.flush()
    if not muted:
        owe(task.session, "email", email.id)


def _context(task: Task, case: Case, person: User, audience: str) -> Mapping[str, Any]:
    event, address = task.event, task.office.settings.address
    flow = process(case.process)
    state = flow.states[str(event.data.get("to") or event.data.get("state") or case.state)]
    actor = task.session.get(User, event.actor_id) if event.actor_id else None
    return {
        "case": {
            "number": case.number,
            "title": case.title,
            "agency": case.agency.name,
            "category": case.category,
            "stage": flow.stages[state.stage].title(person.locale),
            "state": state.title(person.locale),
            "owner_title": ROLE_NAMES.get(state.owner, state.owner),
            "url": f"{address}/usulan/{case.number}",
            "due": dates.deadline(case.due_at) if case.due_at and case.state == state.name else None,
        },
        "origin": _origin(case),
        "recipient": _person(person),
        "actor": _person(actor) if actor else None,
        "event": {
            "at": dates.long_moment(event.at),
            "note": (event.content or {}).get("note"),
            "requests": revision.asked_in(task.session, event, person.locale),
            "file": event.data.get("file"),
            "files": [file["file"] for file in (event.content or {}).get("files", ())],
            "signature": event.data.get("signature"),
        },
        "deadline": _deadline(event),
        "result": event.data.get("result"),
        "round": event.data.get("round"),
        "seminar": told(task.session, event, case, person, address),
        "account": None,
        "audience": audience,
        "why": _why(case, audience),
        "settings_url": f"{address}/akun/surel",
    }


def account_context(person: User, words: Mapping[str, object], address: str) -> Mapping[str, object]:
    """The context of a mail about a person's own account: no case, no event, no deadline."""
    english = person.locale == "en"
    return {
        "case": None,
        "origin": None,
        "recipient": _person(person),
        "actor": None,
        "event": None,
        "deadline": None,
        "result": None,
        "round": None,
        "seminar": None,
        "account": {"email": person.email, **words},
        "audience": "account",
        "why": ACCOUNT_WHY["en" if english else "id"],
        "settings_url": f"{address}/akun",
    }


def _origin(case: Case) -> dict[str, str] | None:
    """The case that an adoption was taken from."""
    return {"number": case.parent.number, "agency": case.parent.agency.name} if case.parent else None


def _person(user: User) -> dict[str, str]:
    return {
        "name": user.name,
        "position": user.position,
        "agency": user.agency.name if user.agency else "",
    }


def _deadline(event: Event) -> dict[str, object] | None:
    if "ends_at" not in event.data:
        return None
    ends = datetime.fromisoformat(event.data["ends_at"])
    found = {"ends": dates.deadline(ends), "days_left": event.data["days_left"]}
    if "ended_at" in event.data:
        found["before"] = dates.deadline(datetime.fromisoformat(event.data["ended_at"]))
    return found


def _why(case: Case, audience: str) -> str:
    role = WHY.get(audience, "terkait dengan usulan ini")
    return f"Anda menerima surel ini karena Anda {role} ({case.number})."


ACCOUNT_WHY = {
    "id": "Anda menerima surel ini karena alamat ini terdaftar sebagai akun Inovasi Sragen.",
    "en": "You get this e-mail because this address belongs to an account of Inovasi Sragen.",
}

WHY = {
    "proposer": "pengusul inovasi ini",
    "mentor": "mentor usulan ini",
    "coach": "coach usulan ini",
    "reviewers": "ditugaskan menelaah usulan ini",
    "agency_head": "memimpin perangkat daerah pengusul",
    "origin": "penanggung jawab inovasi asalnya",
    "origin_head": "memimpin perangkat daerah asal inovasi ini",
    "organiser": "penyelenggara pelatihan angkatan ini",
    "coordinator": "koordinator inovasi di Bappeda Litbang",
    "owner": "memegang giliran pada usulan ini",
    "nudged": "memegang giliran pada usulan ini",
    "invited": "duduk dalam seminar usulan ini",
    "subject": "disebut dalam perubahan ini",
    "assigners": "menugaskan penelaah usulan ini",
    "listeners": "ikut dalam diskusi usulan ini atau disebut di dalamnya",
    "escalation": "dituju dalam eskalasi usulan ini",
}
