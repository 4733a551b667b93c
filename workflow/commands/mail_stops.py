"""Which mails a person does without. That concerns no case, so no event tells of it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflow.errors import Forbidden, NotFound
from workflow.ledger import Actor
from workflow.mail_groups import OPTIONAL, groups_off
from workflow.models import MailStop, User


def choose_mails(session: Session, actor: Actor, wanted: Collection[str]) -> None:
    """Get the optional groups that are wanted and no other; all else always arrives. Raises Forbidden."""
    if actor.user is None:
        raise Forbidden
    kept = OPTIONAL.intersection(wanted)
    session.execute(delete(MailStop).where(MailStop.user_id == actor.user.id, MailStop.mail_group.in_(kept)))
    for group in sorted(OPTIONAL - kept):
        stop_mails(session, actor.user.id, group, actor.at)


def stop_mails(session: Session, user_id: int, group: str, now: datetime) -> None:
    """Do without an optional group; a second time changes nothing. Raises NotFound for nobody or no group."""
    person = select(User.id).where(User.id == user_id).with_for_update()
    if group not in OPTIONAL or session.scalar(person) is None:
        raise NotFound
    if group not in groups_off(session, user_id):
        session.add(MailStop(user_id=user_id, mail_group=group, since=now))
        session.flush()
