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
from workflow import adoptions, commands, dates, held, mail_texts, mail_times, policy, redaction, revision
from workflow.audiences import tell
from workflow.commands.find import locked
from workflow.db import owe
from workflow.definition import process
from workflow.ledger import Actor
from workflow.mail_groups import OFF, group_of, switch_of
from workflow.mail_times import Wait
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
    """Write one mail row per person whom the event concerns; muted where they want no mail of it.

    One that waits for quiet hours or the digest is written all the same: the inbox shows it at once.
    """
    for person, audience, kind, way in addressed(task):
        _owe_mail(task, person, audience, kind, way)


def addressed(task: Task) -> Iterator[tuple[User, str, str, str]]:
    """Who is told about the event: person, audience, kind, and how they want mails of it."""
    case = task.case
    notices = notices_for(process(case.process), task.event.name, task.event.data)
    for audience, kind in notices.items():
        for person, way in tell(task.session, audience, kind, case, task.event, task.now):
            if person.id != task.event.actor_id or audience in {"proposer", "subject"}:
                yield person, audience, kind, way


def written(task: Task, person: User, audience: str, kind: str) -> mail.Letter:
    """The mail as it is sent: in words chosen for it before a release, else in those people gave its kind.

    Where these are broken the shipped ones are sent, and the fault is noted beside them.
    """
    chosen = (task.event.content or {}).get("mails", {}).get(held.key(kind, person))
    context = mail_context(task, task.case, person, audience)
    if policy.is_blind(person, task.case):
        context, chosen = _blind(task, context), None
    if chosen is not None:
        return mail.render(kind, person.locale, context, chosen)
    row = mail_texts.standing(task.session, kind, "en" if person.locale == "en" else "id")
    letter = mail.render(kind, person.locale, context, words=mail_texts.words_of(row))
    if letter.fault and row is not None:
        mail_texts.note_fault(task.session, row.id, letter.fault, task.now)
    return letter


def _blind(task: Task, context: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same for a reviewer of a blind round: neither title nor agency, no names."""
    redact = redaction.redactor(task.session, task.case)
    case, event = context["case"], context["event"]
    url = f"{task.office.settings.address}/telaah/{task.case.number}"
    hidden = {"title": redaction.name_of(task.case), "agency": redaction.MARK, "url": url}
    note, requests = event["note"], [redact(text) for text in event["requests"]]
    told = {"note": redact(note) if note else None, "requests": requests, "file": None, "files": ""}
    nobody = {"actor": None, "origin": None, "seminar": None}
    return {**context, "case": case | hidden, "event": event | told, **nobody}


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


def _owe_mail(task: Task, person: User, audience: str, kind: str, way: str) -> None:
    domain = urlsplit(task.office.settings.address).hostname or "loncatan"
    message_id = f"<{kind}.{task.event.id}.{person.id}@{domain}>"
    if task.session.scalar(select(Email.id).where(Email.message_id == message_id)) is not None:
        return
    letter = written(task, person, audience, kind)
    muted = way == OFF
    wait = None if muted else _wait(task, person, audience, kind, way)
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
        mail_group=switch_of(kind, audience, task.case, task.event),
        muted=muted,
        waits_for=wait.why if wait else None,
        not_before=wait.until if wait else None,
        due_at=wait.until if wait else task.now,
        dropped_at=task.now if muted else None,
        created_at=task.now,
    )
    task.session.add(email)
    task.session.flush()
    if not muted and wait is None:
        owe(task.session, "email", email.id)


def _wait(task: Task, person: User, audience: str, kind: str, way: str) -> Wait | None:
    group = group_of(kind, audience, task.case, task.event)
    hour = task.office.settings.digest_hour
    return mail_times.wait(
        task.session, person.id, group, way, mail_times.end_of_duty(task.case, task.event), task.now, hour
    )


def mail_context(task: Task, case: Case, person: User, audience: str) -> Mapping[str, Any]:
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
            "files": "; ".join(file["file"] for file in (event.content or {}).get("files", ())),
            "signature": event.data.get("signature"),
        },
        "deadline": _deadline(event),
        "result": event.data.get("result"),
        "round": event.data.get("round"),
        "seminar": told(task.session, event, case, person, address),
        "account": None,
        "audience": audience,
        "why": _why(case, audience, person.locale),
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


def _why(case: Case, audience: str, locale: str) -> str:
    indonesian, english = WHY.get(audience, ("terkait dengan usulan ini", "are concerned by this proposal"))
    if locale == "en":
        return f"You get this e-mail because you {english} ({case.number})."
    return f"Anda menerima surel ini karena Anda {indonesian} ({case.number})."


ACCOUNT_WHY = {
    "id": "Anda menerima surel ini karena alamat ini terdaftar sebagai akun Inovasi Sragen.",
    "en": "You get this e-mail because this address belongs to an account of Inovasi Sragen.",
}

WHY = {
    "proposer": ("pengusul inovasi ini", "propose this innovation"),
    "mentor": ("mentor usulan ini", "mentor this proposal"),
    "coach": ("coach usulan ini", "coach this proposal"),
    "reviewers": ("ditugaskan menelaah usulan ini", "were asked to review this proposal"),
    "agency_head": ("memimpin perangkat daerah pengusul", "head the proposing agency"),
    "origin": ("penanggung jawab inovasi asalnya", "stand behind the original innovation"),
    "origin_head": (
        "memimpin perangkat daerah asal inovasi ini",
        "head the agency that this innovation comes from",
    ),
    "organiser": ("penyelenggara pelatihan angkatan ini", "run the training of this cohort"),
    "coordinator": ("koordinator inovasi di Bappeda Litbang", "coordinate innovation at Bappeda Litbang"),
    "owner": ("memegang giliran pada usulan ini", "hold the turn on this proposal"),
    "nudged": ("memegang giliran pada usulan ini", "hold the turn on this proposal"),
    "invited": ("duduk dalam seminar usulan ini", "sit in a seminar of this proposal"),
    "subject": ("disebut dalam perubahan ini", "are named in this change"),
    "assigners": ("menugaskan penelaah usulan ini", "assign the reviewers of this proposal"),
    "listeners": (
        "ikut dalam diskusi usulan ini atau disebut di dalamnya",
        "take part in the discussion of this proposal or are mentioned there",
    ),
    "escalation": ("dituju dalam eskalasi usulan ini", "are to hear of delays of this proposal"),
}
"""What ties an audience to a case: the footer of every mail, in Indonesian and in English."""
