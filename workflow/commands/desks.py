"""Desk schedule of an award year: which coordinator helps which agency complete its entry, and on what day.

Five entries a day and person, on working days: Sragen's own practice.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import dates, policy
from workflow.calendar import add_working_days, is_working_day, wib_date
from workflow.commands.find import find, locked
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.iid.entries import is_entry
from workflow.iid.whatif import entrants
from workflow.ledger import Actor, record
from workflow.models import Case, DeskSlot, User

A_DAY = 5
FURTHEST_DAYS = 366


@dataclass(frozen=True)
class Place:
    """A free place at a desk."""

    day: date
    helper: User


def plan_desk(
    session: Session, actor: Actor, year: int, first: date | None, helper_ids: Sequence[int]
) -> list[DeskSlot]:
    """Give every entry of the year that is being completed and has no slot yet the next free place.

    Entries of one agency follow each other. Each one owes a mail to its proposer and agency head.
    Raises Forbidden, Invalid with every problem, or Refused where no entry waits for a slot.
    """
    if actor.user is None or not policy.may_run_entries(actor.user):
        raise Forbidden
    helpers = _helpers(session, helper_ids)
    faults = list(_problems(actor, first, helpers))
    if faults or first is None:
        raise Invalid(faults)
    cases = _waiting(session, actor, year)
    if not cases:
        raise Refused([Reason("entries", f"Semua entri IGA {year} yang sedang dilengkapi sudah terjadwal.")])
    places = _places(session, first, helpers)
    return [_give(session, actor, year, case, next(places)) for case in cases]


def cancel_desk(session: Session, actor: Actor, number: str) -> None:
    """Take an entry's slot back, so that it can be planned anew. Raises NotFound or Forbidden."""
    if actor.user is None or not policy.may_run_entries(actor.user):
        raise Forbidden
    case = find(session, actor, number, lock=True)
    stands = select(DeskSlot).where(DeskSlot.case_id == case.id, DeskSlot.cancelled_at.is_(None))
    slot = session.scalars(stands).unique().one_or_none()
    if slot is None:
        raise NotFound
    slot.cancelled_at = actor.at
    case.version += 1
    data = {"user": slot.helper_id, "day": slot.day.isoformat()}
    record(session, case, actor, "coordinator", "desk.cancelled", data, None, ["notify"])


def list_desk(session: Session, year: int) -> list[DeskSlot]:
    """The slots that stand, by day, person and place."""
    query = select(DeskSlot).where(DeskSlot.year == year, DeskSlot.cancelled_at.is_(None))
    return list(session.scalars(query.order_by(DeskSlot.day, DeskSlot.helper_id, DeskSlot.id)).unique())


def desk_helpers(session: Session) -> list[User]:
    """Who may sit at a desk: the coordinators, who see every entry."""
    users = session.scalars(select(User).where(User.active.is_(True)).order_by(User.name)).unique()
    return [user for user in users if policy.may_run_entries(user)]


def waiting_for_desk(session: Session, user: User, year: int) -> list[Case]:
    """Entries of the year that their agency is completing and that have no slot."""
    taken = set(session.scalars(select(DeskSlot.case_id).where(DeskSlot.cancelled_at.is_(None))))
    found = [e.case for e in entrants(session, user) if e.standing.year == year]
    found = [case for case in found if case.id not in taken and _being_completed(case)]
    return sorted(found, key=lambda case: (case.agency.path, case.number))


def _waiting(session: Session, actor: Actor, year: int) -> list[Case]:
    """The same, locked and asked once more: a slot or a step may have come in between."""
    if actor.user is None:
        return []
    ids = [case.id for case in waiting_for_desk(session, actor.user, year)]
    locked(session, Case.id.in_(ids))
    return [c for c in waiting_for_desk(session, actor.user, year) if c.id in ids]


def _being_completed(case: Case) -> bool:
    return is_entry(case) and process(case.process).states[case.state].levels == "named"


def _helpers(session: Session, ids: Sequence[int]) -> list[User]:
    known = {user.id: user for user in desk_helpers(session)}
    return [known[user_id] for user_id in dict.fromkeys(ids) if user_id in known]


def _problems(actor: Actor, first: date | None, helpers: Sequence[User]) -> Iterator[Problem]:
    if not helpers:
        yield Problem("/helper", "Pilih paling sedikit satu pendamping.")
    today = wib_date(actor.at)
    if first is None:
        yield Problem("/first", "Hari pertama wajib diisi.")
    elif first <= today:
        yield Problem("/first", "Hari pertama paling cepat besok, agar perangkat daerah dapat bersiap.")
    elif (first - today).days > FURTHEST_DAYS:
        yield Problem("/first", "Hari pertama paling lambat satu tahun dari sekarang.")
    elif not is_working_day(first):
        after = dates.full_date(add_working_days(first, 1))
        yield Problem("/first", f"{dates.full_date(first)} bukan hari kerja; hari kerja berikutnya {after}.")


def _places(session: Session, first: date, helpers: Sequence[User]) -> Iterator[Place]:
    """Free places from a day on: everybody's five of that day, then the next working day."""
    query = select(DeskSlot.day, DeskSlot.helper_id).where(DeskSlot.cancelled_at.is_(None))
    held = Counter((day, helper) for day, helper in session.execute(query.where(DeskSlot.day >= first)))
    day = first
    while True:
        for helper in helpers:
            for _place in range(A_DAY - held[day, helper.id]):
                yield Place(day, helper)
        day = add_working_days(day, 1)


def _give(session: Session, actor: Actor, year: int, case: Case, place: Place) -> DeskSlot:
    slot = DeskSlot(
        year=year,
        case_id=case.id,
        helper_id=place.helper.id,
        day=place.day,
        made_by=actor.user_id or 0,
        made_at=actor.at,
    )
    session.add(slot)
    case.version += 1
    data = {"user": place.helper.id, "day": place.day.isoformat()}
    note = f"{dates.full_date(place.day)}, bersama {place.helper.name}"
    record(session, case, actor, "coordinator", "desk.scheduled", data, {"note": note}, ["notify"])
    return slot
