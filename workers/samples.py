"""Words of a mail as somebody would read them; handed to the web by its maker, like previews of decisions."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from workers import mail, wording
from workers.handlers import Task, addressed, mail_context
from workers.letters import source
from workers.office import Office
from workers.preview import previews
from workflow import audiences, policy
from workflow.clock import Clock
from workflow.db import Database
from workflow.errors import Problem
from workflow.held import WriteMails
from workflow.mail_texts import Sample, Wording, Words
from workflow.models import Case, Email, Event, User
from workflow.settings import Settings


def mail_desks(settings: Settings, database: Database, clock: Clock) -> tuple[WriteMails, Wording]:
    """What a web process is handed about mails: those of a decision, and the words of all."""
    return previews(settings, database, clock), MailWords(settings, database, clock)


class MailWords:
    """`workflow.mail_texts.Wording` as the workers have it."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._office = Office(settings, database, clock)

    def shipped(self, kind: str, locale: str) -> Words:
        words = source(kind, locale)
        return Words(words.subject, words.body.strip())

    def names(self, kind: str) -> Sequence[str]:
        return wording.names(kind)

    def check(self, kind: str, locale: str, words: Words) -> list[Problem]:
        """Faults of the text, or else what goes wrong when it is filled in."""
        found = wording.faults(kind, words)
        if found:
            return found
        letter = mail.render(kind, locale, mail.preview_context(), words=words)
        return [Problem("/body", f"Teks tidak dapat dipakai: {letter.fault}")] if letter.fault else []

    def sample(
        self, session: Session, kind: str, locale: str, words: Words, case: Case | None, audience: str
    ) -> Sample:
        context = {**mail.preview_context(), "audience": audience}
        if case is not None:
            task = Task(self._office, session, _event(session, kind, case), self._office.clock())
            person = _reader(task, kind, audience)
            if person is not None:
                context = {**mail_context(task, case, person, audience)}
        letter = mail.render(kind, locale, context, words=words)
        name = str(context["recipient"]["name"])
        return Sample(name, letter.subject, letter.text, letter.html)


def _event(session: Session, kind: str, case: Case) -> Event:
    """That of the newest mail of this kind about the case, else the newest at all."""
    of_kind = select(Email.event_id).where(Email.kind == kind)
    query = (
        select(Event).where(Event.case_id == case.id).order_by(Event.id.in_(of_kind).desc(), Event.id.desc())
    )
    return session.scalars(query.limit(1)).one()


def _reader(task: Task, kind: str, audience: str) -> User | None:
    """Who got it, else who would: somebody of the audience, if the event says who that is."""
    for person, heard_as, told, _way in addressed(task):
        if (heard_as, told) == (audience, kind):
            return person
    try:
        found = audiences.people(task.session, audience, task.case, task.event, task.now)
    except KeyError:
        return None
    return next((person for person in found if policy.is_active(person, task.now)), None)
