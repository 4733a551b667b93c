"""Reminding whoever holds the turn, by hand. Like a message it changes nothing about the case."""

from sqlalchemy.orm import Session

from workflow import dates, nudges, policy
from workflow.commands.find import find
from workflow.errors import Forbidden, Reason, Refused
from workflow.ledger import Actor, record
from workflow.models import Event
from workflow.queries import events_of


def nudge(session: Session, actor: Actor, number: str) -> Event:
    """One mail to each who holds the turn and was not reminded lately.

    Raises NotFound, Forbidden, or Refused where nobody is left to be reminded.
    """
    case = find(session, actor, number, lock=True)
    user = actor.user
    if user is None or not policy.may_nudge(user, case):
        raise Forbidden("Yang mengingatkan ialah koordinator, atau penyelenggara PKP untuk angkatannya.")
    found = [
        h for h in nudges.holders(session, case, events_of(session, case), actor.at) if h.user.id != user.id
    ]
    if not found:
        raise Refused([Reason("turn", "Tidak ada orang lain yang sedang memegang giliran usulan ini.")])
    ready = [holder.user.id for holder in found if holder.again is None]
    if not ready:
        raise Refused([Reason("cool_down", _lately(found))])
    role = next(role for role in policy.CASE_ROLES if role in policy.NUDGE & policy.roles_on(user, case))
    data = {"state": case.state, "nudged": ready}
    return record(session, case, actor, role, nudges.NUDGED, data, None, ["notify"])


def _lately(found: list[nudges.Holder]) -> str:
    soonest = min(holder.again for holder in found if holder.again is not None)
    return f"Sudah diingatkan belum lama ini; dapat diingatkan lagi mulai {dates.full_date(soonest)}."
