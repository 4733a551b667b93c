"""A session before anybody is told: its times, what stands in its way, and who would get which mail."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import dates
from workflow.calendar import days_off, is_working_day
from workflow.definition import State
from workflow.errors import Problem
from workflow.ledger import Actor
from workflow.models import Case, Cohort, Seminar, User
from workflow.phrases import ROLE_NAMES
from workflow.seminars import words
from workflow.seminars.lists import waiting_in
from workflow.seminars.plan import Place, Plan, faults, lay_out
from workflow.seminars.seats import chairs, seats


@dataclass(frozen=True)
class Look:
    """What would be. `problems` forbid it, `warnings` only say what somebody should know."""

    places: list[Place]
    chair: User | None
    problems: list[Problem]
    warnings: list[str]


def look(
    session: Session, actor: Actor, cohort: Cohort, state: State, plan: Plan, seminar: Seminar | None = None
) -> Look:
    """The plan held against the calendar and every other session; `seminar` is what it changes."""
    cases, unknown = _cases(session, actor, cohort, state, plan, seminar)
    places = lay_out(plan, cases)
    chair = next((u for u in chairs(session, cohort, actor.at) if u.id == plan.chair), None)
    problems = [*faults(plan, actor.at), *unknown]
    if plan.chair is not None and chair is None:
        problems.append(Problem("/chair", "Pilih ketua sidang dari daftar."))
    if places and words.day_of(places[0].starts_at) != words.day_of(places[-1].ends_at):
        problems.append(Problem("/minutes", "Susunan ini lewat tengah malam; kurangi usulan atau waktunya."))
    if places:
        problems += _clashes(session, state.name, plan, places, chair, seminar)
    return Look(places, chair, problems, list(_warnings(plan, places, state.name, actor.at)))


def _cases(
    session: Session, actor: Actor, cohort: Cohort, state: State, plan: Plan, seminar: Seminar | None
) -> tuple[list[Case], list[Problem]]:
    """The cases in the order of the plan; a number that cannot be planned here is a problem."""
    free = {c.number: c for c in waiting_in(session, cohort, state, actor.at).cases}
    free |= {slot.case.number: slot.case for slot in seminar.standing} if seminar else {}
    numbers = list(dict.fromkeys(plan.cases))
    lost = [n for n in numbers if n not in free]
    text = "tidak menunggu seminar ini atau sudah dijadwalkan pada sesi lain; muat ulang daftarnya."
    return [free[n] for n in numbers if n in free], [Problem("/case", f"{n[:20]} {text}") for n in lost]


# --- clashes -------------------------------------------------------------------------------------------


def _clashes(
    session: Session,
    state: str,
    plan: Plan,
    places: list[Place],
    chair: User | None,
    seminar: Seminar | None,
) -> Iterator[Problem]:
    """Every room and every person that another session has at the same time, by name."""
    first, last = places[0].starts_at, places[-1].ends_at
    others = select(Seminar).where(
        Seminar.cancelled_at.is_(None), Seminar.starts_at < last, Seminar.ends_at > first
    )
    held = [s for s in session.scalars(others.order_by(Seminar.id)).unique() if s is not seminar]
    for other in held:
        if plan.place and _same(plan.place, other.place):
            yield Problem("/place", f"{other.place} dipakai {_named(other)}.")
    mine = list(_busy(state, places, chair))
    for other in held:
        yield from (Problem("/begins", text) for text in dict.fromkeys(_meet(mine, other)))


Time = tuple[datetime, datetime, User, str]


def _busy(state: str, places: Iterable[Place], chair: User | None) -> Iterator[Time]:
    held = list(places)
    if chair is not None and held:
        yield held[0].starts_at, held[-1].ends_at, chair, "chair"
    for place in held:
        for seat in seats(place.case, state):
            yield place.starts_at, place.ends_at, seat.user, seat.role


def _meet(mine: list[Time], other: Seminar) -> Iterator[str]:
    theirs = [Place(s.case, s.starts_at, s.ends_at) for s in other.standing]
    busy = list(_busy(other.state, theirs, other.chair))
    for starts, ends, user, role in mine:
        for begins, until, person, _role in busy:
            if person.id == user.id and starts < until and begins < ends:
                yield f"{user.name} ({ROLE_NAMES[role]}) pada waktu itu sudah dalam {_named(other)}."
                break


def _named(seminar: Seminar) -> str:
    when = words.span(seminar.starts_at, seminar.ends_at)
    return f"{words.title(seminar)} {seminar.cohort.name}, {when}"


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


# --- warnings ------------------------------------------------------------------------------------------


def _warnings(plan: Plan, places: list[Place], state: str, now: datetime) -> Iterator[str]:
    if plan.day is not None and not is_working_day(plan.day):
        name = days_off(plan.day.year).get(plan.day)
        yield f"{dates.full_date(plan.day)} bukan hari kerja" + (f": {name}." if name else ".")
    for place in places:
        case = place.case
        if case.state != state:
            yield f"{case.number} sudah tidak berada pada tahap seminar ini."
        elif not case.holders("reviewer", state):
            yield f"{case.number} belum memiliki penguji."
        if case.due_at is not None and case.state == state and now < case.due_at < place.starts_at:
            text = "jatuh sebelum seminarnya; perpanjang bila perlu."
            yield f"Batas waktu penilaian {case.number} ({dates.long_date(case.due_at)}) {text}"
