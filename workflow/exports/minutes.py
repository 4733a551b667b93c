"""The minutes of a session (berita acara): what is recorded of it and nothing besides."""

from typing import Any

from sqlalchemy.orm import Session

from workflow.dates import decimal
from workflow.exports.document import letterhead
from workflow.exports.paper import set_in
from workflow.exports.session import EXAMINER, Result, attendance, results
from workflow.models import Seminar, SeminarSlot
from workflow.numerals import spelt_date
from workflow.seminars import words

OPEN = "Putaran penilaian belum selesai"


def minutes(session: Session, seminar: Seminar) -> bytes:
    """The PDF; the same record gives the same bytes."""
    ended = results(session, seminar)
    title = words.title(seminar)
    said = {
        "letterhead": letterhead(session),
        "title": "Berita Acara",
        "subject": f"{title} {seminar.cohort.name}",
        "opening": _opening(seminar),
        "cases": [_case(slot, ended[slot.id]) for slot in seminar.standing],
        "people": [_people(slot) for slot in seminar.standing],
        "notes": [part for part in seminar.record.split("\n") if part.strip()],
        "chair": seminar.chair.name,
        "examiners": _examiners(seminar),
        "foot": f"{title} {seminar.cohort.name} · {words.day_of(seminar.starts_at)}",
    }
    return set_in("minutes", said, seminar.starts_at)


def _opening(seminar: Seminar) -> str:
    where = f"bertempat di {seminar.place}" if seminar.place else "secara daring"
    return (
        f"Pada hari ini {spelt_date(seminar.starts_at)}, pukul "
        f"{words.span(seminar.starts_at, seminar.ends_at)}, {where}, dilaksanakan {words.title(seminar)} "
        f"{seminar.cohort.name} dengan {len(seminar.standing)} presentasi, dipimpin oleh "
        f"{seminar.chair.name} selaku ketua sidang."
    )


def _case(slot: SeminarSlot, ended: Result) -> list[str]:
    proposer = slot.case.holder("proposer")
    return [
        words.span(slot.starts_at, slot.ends_at).removesuffix(" WIB"),
        slot.case.number,
        slot.case.title,
        " · ".join(filter(None, [proposer.name if proposer else "", slot.case.agency.short_name])),
        decimal(ended.mean) if ended.mean else "–",
        ended.title or OPEN,
    ]


def _people(slot: SeminarSlot) -> dict[str, Any]:
    rows = [[name, role, said or "belum dicatat"] for name, role, said in attendance(slot)]
    return {"number": slot.case.number, "title": slot.case.title, "rows": rows}


def _examiners(seminar: Seminar) -> list[str]:
    """Those who were there to examine, to sign beside the chair."""
    found = [
        name
        for slot in seminar.standing
        for name, role, said in attendance(slot)
        if role == EXAMINER and said == "hadir" and name != seminar.chair.name
    ]
    return list(dict.fromkeys(found))
