"""How a person gets mails, and when not. That concerns no case, so no event tells of it."""

import re
from collections.abc import Mapping
from datetime import datetime, time

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflow import mail_times
from workflow.db import owe
from workflow.errors import Forbidden, Invalid, NotFound, Problem
from workflow.ledger import Actor
from workflow.mail_groups import DAILY, DIGEST, GROUPS, NOW, OFF, OPTIONAL, STOPPABLE, choices, ways_of
from workflow.models import MailChoice, QuietHours, User

CLOCK = re.compile(r"([01]?\d|2[0-3])[.:]([0-5]\d)")


def choose_mails(session: Session, actor: Actor, wanted: Mapping[str, str]) -> None:
    """Get each named group in the way that is wanted; the others stay. Raises Invalid or Forbidden."""
    if actor.user is None:
        raise Forbidden
    faults = [
        _impossible(name) for name, way in wanted.items() if name in GROUPS and way not in ways_of(name)
    ]
    if faults:
        raise Invalid(faults)
    for name, way in wanted.items():
        if name in GROUPS:
            _set(session, actor.user.id, name, way, actor.at)


def stop_mails(session: Session, user_id: int, group: str, now: datetime) -> None:
    """Do without an optional group, or all of those that come by the digest; a second time changes nothing.

    Raises NotFound for nobody or no group.
    """
    person = select(User.id).where(User.id == user_id).with_for_update()
    if group not in STOPPABLE or session.scalar(person) is None:
        raise NotFound
    held = choices(session, user_id)
    stopped = {name for name in OPTIONAL if held[name] == DAILY} if group == DIGEST else {group}
    for name in sorted(stopped):
        if held[name] != OFF:
            _set(session, user_id, name, OFF, now)


def set_quiet(session: Session, actor: Actor, starts: str, ends: str, *, days_off: bool) -> None:
    """No mail between two times of day (WIB; none where both are empty), nor on days off. Raises Invalid.

    What waits for the hours of before is owed at once, and waits for the new ones if it must.
    """
    if actor.user is None:
        raise Forbidden
    first, last = _clock("/starts", starts), _clock("/ends", ends)
    faults = [part for part in (first, last) if isinstance(part, Problem)]
    if not faults and (first is None) != (last is None):
        faults = [Problem("/starts" if first is None else "/ends", "Isi jam mulai dan jam selesai keduanya.")]
    if not faults and first is not None and first == last:
        faults = [Problem("/ends", "Jam selesai harus lain dari jam mulai.")]
    if faults or isinstance(first, Problem) or isinstance(last, Problem):
        raise Invalid(faults)
    user_id = actor.user.id
    session.execute(select(User.id).where(User.id == user_id).with_for_update())
    session.execute(delete(QuietHours).where(QuietHours.user_id == user_id))
    if first is not None or days_off:
        session.add(QuietHours(user_id=user_id, starts=first, ends=last, days_off=days_off, since=actor.at))
    session.flush()
    for email_id in mail_times.release(session, user_id, actor.at):
        owe(session, "email", email_id)


def _set(session: Session, user_id: int, group: str, way: str, now: datetime) -> None:
    session.execute(delete(MailChoice).where(MailChoice.user_id == user_id, MailChoice.mail_group == group))
    if way != NOW:
        session.add(MailChoice(user_id=user_id, mail_group=group, way=way, since=now))
    session.flush()


def _impossible(group: str) -> Problem:
    return Problem(f"/way-{group}", f"“{GROUPS[group].title}” tidak dapat diterima dengan cara itu.")


def _clock(pointer: str, text: str) -> time | Problem | None:
    if not text.strip():
        return None
    found = CLOCK.fullmatch(text.strip())
    return time(int(found[1]), int(found[2])) if found else Problem(pointer, "Tulis jam seperti 20.00.")
