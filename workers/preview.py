"""The mails that an event would send, written out for those who decide; handed to the web by its maker."""

from datetime import datetime

from sqlalchemy.orm import Session

from workers import mail
from workers.handlers import Task, addressed, written
from workers.office import Office
from workflow.clock import Clock
from workflow.db import Database
from workflow.held import Mail, WriteMails, key
from workflow.mail_groups import OFF
from workflow.models import Event, User
from workflow.settings import Settings


def previews(settings: Settings, database: Database, clock: Clock) -> WriteMails:
    """A function that writes them without owing any: the very way in which a worker does."""
    office = Office(settings, database, clock)

    def write(session: Session, event: Event, now: datetime) -> list[Mail]:
        task = Task(office, session, event, now)
        found: dict[str, Mail] = {}
        for person, audience, kind, way in addressed(task):
            if way != OFF and key(kind, person) not in found:
                found[key(kind, person)] = _mail(task, person, audience, kind)
        return list(found.values())

    return write


def _mail(task: Task, person: User, audience: str, kind: str) -> Mail:
    letter, name = written(task, person, audience, kind), key(kind, person)
    return Mail(
        key=name,
        name=person.name,
        address=person.email,
        subject=letter.subject.removeprefix(mail.PREFIX),
        body=letter.words,
        text=letter.text,
        edited=name in (task.event.content or {}).get("mails", {}),
    )
