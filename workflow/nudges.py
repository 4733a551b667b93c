"""Nudging whoever holds the turn: who they are, and when each may be nudged again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from workflow import audiences, policy
from workflow.calendar import add_working_days, wib_date
from workflow.models import Case, Event, User

NUDGED = "deadline.nudged"
OF_THE_SYSTEM = ("deadline.reminded", "deadline.passed")
COOL_DOWN = 2
"""Working days in which nobody is reminded of the same case again, by whomever."""


@dataclass(frozen=True)
class Holder:
    """Somebody who holds the turn.

    `last` is when they were last reminded in this state; `again` the first day on which they may be nudged,
    None where that is today.
    """

    user: User
    last: datetime | None
    again: date | None


def holders(session: Session, case: Case, events: Iterable[Event], now: datetime) -> list[Holder]:
    """Who holds the turn, each with their last reminder among the events of the case."""
    if case.outcome is not None:
        return []
    here = [event for event in events if event.seq >= case.visit]
    found = dict.fromkeys(audiences.with_the_turn(session, case, case.state))
    return [_holder(user, here, now) for user in found if policy.is_active(user, now)]


def _holder(user: User, events: Iterable[Event], now: datetime) -> Holder:
    reminded = [event.at for event in events if _reminds(event, user)]
    if not reminded:
        return Holder(user, None, None)
    last = max(reminded)
    again = add_working_days(wib_date(last), COOL_DOWN)
    return Holder(user, last, again if again > wib_date(now) else None)


def _reminds(event: Event, user: User) -> bool:
    return event.name in OF_THE_SYSTEM or (event.name == NUDGED and user.id in event.data["nudged"])
