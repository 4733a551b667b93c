"""What a mail says of a seminar."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import dates
from workflow.models import Case, Event, Seminar, SeminarSlot, User
from workflow.seminars import words
from workflow.seminars.lists import slot_of

ASKED = "people.assigned"


def told(session: Session, event: Event, case: Case, person: User, address: str) -> dict[str, object] | None:
    """The session of an event, with this person's presentations; for a new examiner the case's own.

    Nothing for events that have to do with no session.
    """
    if event.name.startswith("seminar.") and "invited" in event.data:
        ids = event.data["invited"].get(str(person.id), [])
        seminar = session.get_one(Seminar, event.data["seminar"])
        query = select(SeminarSlot).where(SeminarSlot.id.in_(ids)).order_by(SeminarSlot.starts_at)
        return _said(seminar, list(session.scalars(query).unique()), person, address)
    slot = slot_of(session, case) if event.name == ASKED and event.data["state"] == case.state else None
    if slot is None or slot.starts_at <= event.at:
        return None
    return _said(slot.seminar, [slot], person, address)


def _said(seminar: Seminar, slots: list[SeminarSlot], person: User, address: str) -> dict[str, object]:
    return {
        "title": words.title(seminar, person.locale),
        "day": dates.full_date(seminar.starts_at, person.locale),
        "facts": words.facts(seminar, person.locale),
        "programme": words.programme(slots, person.locale),
        "line": words.line(slots[0], person.locale) if slots else "",
        "note": seminar.note,
        "url": f"{address}/seminar/{seminar.id}",
    }
