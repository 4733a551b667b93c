"""Sessions of a seminar: invite, change, cancel. Each case hears of it as an event, each person by one mail.

All of it is one after the other: whoever arranges holds the cohorts until the commit, so that two
sessions cannot take the same room, person or case at the same moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.commands.find import locked
from workflow.definition import State
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused, Stale
from workflow.ledger import Actor, record
from workflow.models import Case, Cohort, Event, Seminar, SeminarSlot, User
from workflow.seminars import words
from workflow.seminars.lists import find, states
from workflow.seminars.look import Look, look
from workflow.seminars.plan import NOTE, Place, Plan, stored_breaks, text_faults
from workflow.seminars.seats import concerned

SHORTEST_REASON = 10


@dataclass(frozen=True)
class Notice:
    """One event to come: what happens to a slot."""

    name: str
    slot: SeminarSlot
    note: str


@dataclass(frozen=True)
class Done:
    """The session as it stands now, and what was recorded of it."""

    seminar: Seminar
    events: list[Event]


def invite_seminar(session: Session, actor: Actor, cohort_code: str, state_name: str, plan: Plan) -> Done:
    """Make a session and invite everybody. Raises Forbidden, NotFound, or Invalid with every problem."""
    cohort, state = _place_of(session, actor, cohort_code, state_name)
    locked(session, Case.number.in_(plan.cases))
    seen = _sound(look(session, actor, cohort, state, plan))
    seminar = Seminar(
        state=state.name,
        cohort=cohort,
        version=1,
        made_by=actor.user_id or 0,
        made_at=actor.at,
        cancel_reason="",
        record="",
        slots=[],
    )
    _write(seminar, plan, seen)
    session.add(seminar)
    made = [_new_slot(seminar, place, n, actor) for n, place in enumerate(seen.places)]
    notices = [Notice("seminar.scheduled", slot, words.line(slot)) for slot in made]
    return Done(seminar, _tell(session, actor, seminar, notices))


def change_seminar(session: Session, actor: Actor, seminar_id: int, version: int, plan: Plan) -> Done:
    """Make a session what the plan says and tell who is concerned: by what moved, came, or was taken out.

    Raises Forbidden, NotFound, Stale, Refused once it has begun, or Invalid with every problem.
    """
    seminar = _for_change(session, actor, seminar_id, version)
    if seminar.starts_at <= actor.at:
        raise Refused([Reason("begun", "Seminar sudah dimulai, jadi susunannya tidak dapat diubah lagi.")])
    old = seminar.standing
    locked(session, or_(Case.number.in_(plan.cases), Case.id.in_([slot.case_id for slot in old])))
    seen = _sound(look(session, actor, seminar.cohort, states()[seminar.state], plan, seminar))
    chair, before = seminar.chair, (seminar.place, seminar.link)
    _write(seminar, plan, seen)
    notices = _differences(seminar, seen.places, actor, moved=(seminar.place, seminar.link) != before)
    seminar.version += 1
    if chair is not seminar.chair:
        first = min(seminar.standing, key=lambda slot: slot.position)
        text = f"Ketua sidang: {seminar.chair.name}, menggantikan {chair.name}"
        notices.append(Notice("seminar.chair_changed", first, text))
    former = chair if chair is not seminar.chair else None
    return Done(seminar, _tell(session, actor, seminar, notices, former))


def cancel_seminar(session: Session, actor: Actor, seminar_id: int, version: int, reason: str) -> Done:
    """Call a session off. Raises Forbidden, NotFound, Stale, Invalid, or Refused where somebody came."""
    seminar = _for_change(session, actor, seminar_id, version)
    if any(slot.attendance for slot in seminar.slots):
        raise Refused([Reason("held", "Kehadiran sudah dicatat, jadi seminar ini tidak dapat dibatalkan.")])
    text = reason.strip()
    faults = list(text_faults("/reason", text, NOTE))
    if len(text) < SHORTEST_REASON:
        faults.append(Problem("/reason", f"Sampaikan alasannya, minimal {SHORTEST_REASON} karakter."))
    if faults:
        raise Invalid(faults)
    standing = seminar.standing
    locked(session, Case.id.in_([slot.case_id for slot in standing]))
    seminar.cancelled_at, seminar.cancel_reason = actor.at, text
    seminar.version += 1
    for slot in standing:
        _touch(slot, actor)
    notices = [Notice("seminar.cancelled", slot, text) for slot in standing]
    return Done(seminar, _tell(session, actor, seminar, notices))


# --- parts ---------------------------------------------------------------------------------------------


def _place_of(session: Session, actor: Actor, cohort_code: str, state_name: str) -> tuple[Cohort, State]:
    if actor.user is None or not policy.may_run_seminars(actor.user):
        raise Forbidden
    one_at_a_time(session)
    cohort = session.scalars(select(Cohort).where(Cohort.code == cohort_code)).one_or_none()
    state = states().get(state_name)
    if cohort is None or state is None:
        raise NotFound
    return cohort, state


def one_at_a_time(session: Session) -> None:
    """Hold all cohorts until the commit; cases may still be begun in them."""
    session.execute(select(Cohort.id).order_by(Cohort.id).with_for_update(key_share=True))


def _for_change(session: Session, actor: Actor, seminar_id: int, version: int) -> Seminar:
    if actor.user is None or not policy.may_run_seminars(actor.user):
        raise Forbidden
    one_at_a_time(session)
    seminar = find(session, actor.user, seminar_id, fresh=True)
    check_seminar(seminar, version)
    return seminar


def check_seminar(seminar: Seminar, version: int) -> None:
    """Raise Stale unless this is the version that was seen, Refused where the session was called off."""
    if seminar.version != version:
        raise Stale(str(version), str(seminar.version))
    if seminar.cancelled_at is not None:
        raise Refused([Reason("cancelled", "Seminar ini sudah dibatalkan.")])


def _sound(seen: Look) -> Look:
    if seen.problems or seen.chair is None:
        raise Invalid(seen.problems)
    return seen


def _write(seminar: Seminar, plan: Plan, seen: Look) -> None:
    seminar.starts_at, seminar.ends_at = seen.places[0].starts_at, seen.places[-1].ends_at
    seminar.minutes, seminar.breaks = plan.minutes or 0, stored_breaks(plan)
    seminar.place, seminar.link, seminar.note = plan.place, plan.link, plan.note
    if seen.chair is not None:
        seminar.chair = seen.chair


def _new_slot(seminar: Seminar, place: Place, position: int, actor: Actor) -> SeminarSlot:
    slot = SeminarSlot(
        case=place.case,
        visit=place.case.visit,
        position=position,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        sequence=0,
        changed_at=actor.at,
        attendance=[],
    )
    seminar.slots.append(slot)
    return slot


def _differences(seminar: Seminar, places: Sequence[Place], actor: Actor, *, moved: bool) -> list[Notice]:
    """Give every place its slot and take out what is left over; what there is to tell of it."""
    held = {slot.case_id: slot for slot in seminar.standing}
    notices = []
    for position, place in enumerate(places):
        slot = held.pop(place.case.id, None)
        if slot is None:
            slot = _new_slot(seminar, place, position, actor)
            notices.append(Notice("seminar.scheduled", slot, words.line(slot)))
            continue
        slot.position = position
        if moved or _differs(slot, place):
            slot.starts_at, slot.ends_at = place.starts_at, place.ends_at
            _touch(slot, actor)
            notices.append(Notice("seminar.moved", slot, words.line(slot)))
    for slot in held.values():
        slot.cancelled_at = actor.at
        _touch(slot, actor)
        notices.append(Notice("seminar.cancelled", slot, "Dikeluarkan dari susunan sesi ini."))
    return notices


def _differs(slot: SeminarSlot, place: Place) -> bool:
    return (slot.starts_at, slot.ends_at) != (place.starts_at, place.ends_at)


def _touch(slot: SeminarSlot, actor: Actor) -> None:
    slot.sequence += 1
    slot.changed_at = actor.at


def _tell(
    session: Session, actor: Actor, seminar: Seminar, notices: list[Notice], former: User | None = None
) -> list[Event]:
    """Write all cases, then append the events. A person is told by the first event of each kind."""
    session.flush()
    for slot in dict.fromkeys(notice.slot for notice in notices):
        slot.case.version += sum(notice.slot is slot for notice in notices)
    names = dict.fromkeys(notice.name for notice in notices)
    told = {name: _told(actor, seminar, notices, name, former) for name in names}
    events = []
    for notice in notices:
        slot = notice.slot
        invited = {key: ids for key, ids in told[notice.name].items() if ids[0] == slot.id}
        data = {
            "state": seminar.state,
            "seminar": seminar.id,
            "begins": slot.starts_at.isoformat(),
            "until": slot.ends_at.isoformat(),
            "invited": invited,
        }
        role = role_of(actor, slot.case)
        content = {"note": notice.note}
        owed = ["notify"] if invited else []
        events.append(record(session, slot.case, actor, role, notice.name, data, content, owed))
    return events


def _told(
    actor: Actor, seminar: Seminar, notices: list[Notice], name: str, former: User | None
) -> dict[str, list[int]]:
    """By person: their slots that a kind of notice is about, first the one whose event tells them."""
    slots = [notice.slot for notice in notices if notice.name == name]
    if name == "seminar.chair_changed":
        before = [former] if former else []
        people = [user for user in (seminar.chair, *before) if user.id != actor.user_id]
        return {str(user.id): [slots[0].id] for user in people if policy.is_active(user, actor.at)}
    found = concerned(slots, [seminar.chair], actor.at, actor.user_id)
    return {str(user_id): [slot.id for slot in own] for user_id, (_user, own) in found.items()}


def role_of(actor: Actor, case: Case) -> str:
    """In which role somebody runs a session."""
    roles = policy.roles_on(actor.user, case) if actor.user else frozenset[str]()
    return next((role for role in ("organiser", "coordinator") if role in roles), "chair")
