"""The daily digest: one mail a working day to whoever wants it so, which carries the mails of their cases.

A scan; any number of beats may ask for it. The mails stand as rows since they became owed. In one
transaction they are gathered into the digest's row, unique by person and day; it is sent like any other.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workers import mail
from workers.office import Office
from workflow import dates, redaction
from workflow.calendar import wib_date
from workflow.db import owe
from workflow.mail_groups import DIGEST
from workflow.mail_times import ripe
from workflow.models import Case, Email, Event, User

log = structlog.get_logger()

Line = tuple[Email, Event, Case]


def gather(office: Office) -> int:
    """Write every digest that is due, each in its own transaction; how many."""
    now = office.clock()
    with office.database.read() as session:
        readers = list(session.scalars(select(Email.recipient_id).where(ripe(now)).distinct()))
    return sum(_gather_for(office, reader, now) for reader in readers if reader is not None)


def _gather_for(office: Office, user_id: int, now: datetime) -> bool:
    with office.database.write() as session:
        session.execute(select(User.id).where(User.id == user_id).with_for_update())
        lines = _lines(session, user_id, now)
        if not lines:
            return False
        ids = [email.id for email, _event, _case in lines]
        day = max(wib_date(email.not_before or now) for email, _event, _case in lines)
        sent = select(Email.id).where(Email.recipient_id == user_id, Email.digest_day == day)
        if session.scalar(sent) is not None:
            _send_singly(session, ids, now)
            return False
        digest = _digest(office, session, user_id, lines, now)
        digest.digest_day = day
        session.add(digest)
        session.flush()
        session.execute(update(Email).where(Email.id.in_(ids)).values(digest_id=digest.id))
        owe(session, "email", digest.id)
    log.info("digest written", email_id=digest.id, mails=len(ids))
    return True


def _lines(session: Session, user_id: int, now: datetime) -> list[Line]:
    """What waits for the person's digest, case by case."""
    rows = session.execute(
        select(Email, Event, Case)
        .join(Event, Event.id == Email.event_id)
        .join(Case, Case.id == Event.case_id)
        .where(Email.recipient_id == user_id, ripe(now))
        .order_by(Case.number, Email.id)
    )
    return [(row[0], row[1], row[2]) for row in rows.unique()]


def _send_singly(session: Session, ids: list[int], now: datetime) -> None:
    """What was written just when the day's digest had been gathered waits no further day."""
    alone = {"waits_for": None, "not_before": now, "due_at": now}
    session.execute(update(Email).where(Email.id.in_(ids)).values(alone))
    for email_id in ids:
        owe(session, "email", email_id)


def _digest(office: Office, session: Session, user_id: int, lines: list[Line], now: datetime) -> Email:
    person, address = session.get_one(User, user_id), office.settings.address
    day = max(wib_date(email.not_before or now) for email, _event, _case in lines)
    context = {
        "facts": dates.full_date(day, person.locale),
        "day": dates.full_date(day, person.locale),
        "count": len(lines),
        "cases": list(_by_case(lines, person, address)),
        "recipient": {"name": person.name},
        "office": ", ".join(filter(None, [person.position, person.agency.name if person.agency else ""])),
        "case": None,
        "until": None,
        "why": WHY["en" if person.locale == "en" else "id"],
        "settings_url": f"{address}/akun/surel",
        "inbox_url": f"{address}/kotak-masuk",
    }
    letter = mail.render_system(DIGEST, person.locale, context)
    may_stop = any(email.mail_group for email, _event, _case in lines)
    domain = urlsplit(address).hostname or "loncatan"
    return Email(
        event_id=None,
        recipient_id=user_id,
        kind=DIGEST,
        to_address=person.email,
        message_id=f"<{DIGEST}.{day.isoformat()}.{user_id}@{domain}>",
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        on_unknown=letter.on_unknown,
        mail_group=DIGEST if may_stop else None,
        due_at=now,
        created_at=now,
    )


def _by_case(lines: Iterable[Line], person: User, address: str) -> Iterable[dict[str, object]]:
    for number, held in groupby(lines, key=lambda line: line[2].number):
        of_case = list(held)
        yield {
            "number": number,
            "title": redaction.title_for(person, of_case[0][2]),
            "url": f"{address}{redaction.page_for(person, of_case[0][2])}",
            "mails": [
                {
                    "at": dates.long_moment(event.at, person.locale),
                    "subject": email.subject.removeprefix(mail.PREFIX),
                }
                for email, event, _case in of_case
            ],
        }


WHY = {
    "id": "Anda menerima surel ini karena Anda memilih rangkuman harian untuk sebagian surel Anda.",
    "en": "You get this e-mail because you chose the daily digest for some of your e-mails.",
}
