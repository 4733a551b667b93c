"""A person's own calendar under an address that needs no sign-in: signed, and ended by another key."""

import secrets
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import policy, queries, redaction
from workflow.ledger import Actor
from workflow.models import CalendarFeed, Seminar, User
from workflow.secret import secret_of
from workflow.seminars import ics
from workflow.seminars.lists import own_slots
from workflow.settings import Settings

SALT = "kalender-pribadi"
KEPT = timedelta(days=180)
"""How long a presentation that is over stays in the calendar."""

LONGEST = 200


def feed_of(session: Session, user: User) -> CalendarFeed | None:
    """The person's address, if they have one."""
    return session.get(CalendarFeed, user.id)


def open_feed(session: Session, actor: Actor) -> None:
    """Give a person an address; an earlier one no longer works."""
    if actor.user is None:
        return
    held = feed_of(session, actor.user) or CalendarFeed(user_id=actor.user.id)
    held.key, held.made_at = secrets.token_hex(12), actor.at
    session.add(held)


def close_feed(session: Session, actor: Actor) -> None:
    """End the person's address."""
    held = feed_of(session, actor.user) if actor.user else None
    if held is not None:
        session.delete(held)


def link(settings: Settings, feed: CalendarFeed) -> str:
    return f"{settings.address}/kalender/{_signer(settings).dumps([feed.user_id, feed.key])}.ics"


def reader_of(session: Session, settings: Settings, token: str, now: datetime) -> User | None:
    """Whose calendar an address opens; None where it was not made here or has ended, or its person."""
    if len(token) > LONGEST:
        return None
    try:
        user_id, key = _signer(settings).loads(token)
    except BadSignature:
        return None
    found = select(User).join(CalendarFeed, CalendarFeed.user_id == User.id)
    user = session.scalars(found.where(User.id == user_id, CalendarFeed.key == key)).unique().one_or_none()
    return user if user is not None and policy.is_active(user, now) else None


def own_calendar(session: Session, settings: Settings, user: User, now: datetime) -> bytes:
    """The person's presentations, those they chair too, and the deadlines of what waits for them."""
    slots = [slot for slot in own_slots(session, user) if slot.ends_at > now - KEPT]
    due = [
        ics.Due(case, redaction.title_for(user, case), redaction.page_for(user, case))
        for case in queries.work_of(session, user)
        if case.due_at is not None
    ]
    name = "Sragen innovations" if user.locale == "en" else "Inovasi Sragen"
    return ics.calendar(settings, slots, name, due, user.locale)


def invitation(settings: Settings, seminar: Seminar, user: User) -> bytes:
    """A session as a file, with the presentations that this person may see."""
    slots = [slot for slot in seminar.slots if policy.may_see_slot(user, slot)]
    return ics.calendar(settings, slots, seminar.cohort.name, (), user.locale)


def _signer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(secret_of(settings), salt=SALT)
