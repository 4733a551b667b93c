"""Score sheets for the room: the rubric with blanks to fill by hand, and the reviews one may read."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from workflow.dates import decimal, long_moment
from workflow.exports.document import letterhead
from workflow.exports.paper import set_in
from workflow.exports.session import readable, reviews_of_slots, rule_of
from workflow.models import Review, Seminar, SeminarSlot, User
from workflow.readable import answer, wording
from workflow.seminars import words
from workflow.validation import schema


def sheets(
    session: Session, seminar: Seminar, slots: Sequence[SeminarSlot], reader: User, *, filled: bool
) -> bytes:
    """The PDF, a page for each sheet: one blank for each presentation, or every review the reader may see.

    The same session gives the same bytes.
    """
    given = reviews_of_slots(session, slots) if filled else {}
    pages = [
        _sheet(slot, review)
        for slot in slots
        for review in (readable(reader, slot, given[slot.id]) if filled else [None])
    ]
    said = {
        "letterhead": letterhead(session),
        "title": f"Lembar Penilaian {words.title(seminar)}",
        "sheets": pages,
    }
    return set_in("score_sheet", said, seminar.starts_at)


def count_filled(session: Session, slots: Sequence[SeminarSlot], reader: User) -> int:
    """How many reviews of these presentations the reader may see."""
    given = reviews_of_slots(session, slots)
    return sum(len(readable(reader, slot, given[slot.id])) for slot in slots)


def _sheet(slot: SeminarSlot, review: Review | None) -> dict[str, Any]:
    rule, case = rule_of(slot), slot.case
    node = schema(rule.rubric)["properties"]
    proposer = case.holder("proposer")
    return {
        "facts": [
            ["Nomor", case.number],
            ["Judul", case.title],
            ["Peserta", proposer.name if proposer else "Belum ada"],
            ["Perangkat daerah", case.agency.name],
            ["Waktu dan tempat", words.line(slot)],
        ],
        "criteria": [
            {
                "title": wording(child, "title", "id"),
                "help": wording(child, "description", "id"),
                "weight": child.get("x-weight", 0),
                "levels": [_level(level) for level in child.get("x-ui", {}).get("levels", [])],
                "score": "" if review is None else str(review.scores.get(key, "")),
            }
            for key, child in node["scores"]["properties"].items()
        ],
        "choices": list(node["recommendation"]["x-ui"]["labels"].values()),
        "review": None if review is None else _review(node, review),
        "pass": str(rule.pass_score),
        "foot": f"{case.number} · {words.title(slot.seminar)} {slot.seminar.cohort.name}",
    }


def _level(level: dict[str, Any]) -> str:
    return f"{level['from']} ke atas: {level['text']}" if level["from"] else f"di bawahnya: {level['text']}"


def _review(node: dict[str, Any], review: Review) -> dict[str, Any]:
    return {
        "reviewer": review.reviewer.name,
        "at": long_moment(review.submitted_at),
        "score": decimal(review.score),
        "recommendation": answer(node["recommendation"], review.recommendation, "id")["value"],
        "comment": review.comment,
        "set_aside": review.set_aside_at is not None,
    }
