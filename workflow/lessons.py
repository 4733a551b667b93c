"""What was learnt where a pilot was stopped: by cause, never by person, and without a rank of agencies.

UU 23/2014 Ps 389: nobody is to blame when an innovation misses its target.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from workflow.models import Case
from workflow.validation import schema

FORM, LATEST = "pilot_lessons", 100
PILOT, BEYOND = "opd_pilot.", ("replication.", "competition.")


@dataclass(frozen=True)
class Ends:
    """How many pilots are under way, went on into use, and were stopped with lessons."""

    under_way: int
    in_use: int
    stopped: int


def ends(session: Session) -> Ends:
    kept = and_(Case.pipeline == "innovation", Case.voided_at.is_(None))
    pilot = Case.state.startswith(PILOT, autoescape=True)
    beyond = or_(*(Case.state.startswith(stage, autoescape=True) for stage in BEYOND))
    row = session.execute(
        select(
            func.count().filter(pilot, Case.outcome.is_(None)),
            func.count().filter(beyond),
            func.count().filter(pilot, Case.outcome == "stopped"),
        ).where(kept)
    ).one()
    return Ends(*row)


def stopped(session: Session) -> list[Case]:
    """The newest pilots that were stopped with their lessons on record."""
    query = select(Case).where(
        Case.state.startswith(PILOT, autoescape=True), Case.outcome == "stopped", Case.voided_at.is_(None)
    )
    found = session.scalars(query.order_by(Case.entered_at.desc(), Case.id).limit(LATEST))
    return [case for case in found if FORM in case.forms]


def causes(cases: list[Case], locale: str) -> list[tuple[str, int]]:
    """Main causes in words with how often each was named, most frequent first."""
    names = labels(locale)
    return [(names[cause], n) for cause, n in Counter(c.forms[FORM]["reason"] for c in cases).most_common()]


def labels(locale: str) -> dict[str, str]:
    ui: dict[str, Any] = schema(FORM)["properties"]["reason"]["x-ui"]
    return dict(ui["labels_en" if locale == "en" else "labels"])
