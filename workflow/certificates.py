"""Which innovation deserves a certificate, by its stage file, and what the certificate says."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import public, queries
from workflow.calendar import wib_date
from workflow.definition import Stage, process
from workflow.models import Case, Event


@dataclass(frozen=True)
class Certificate:
    """Everything that stands on the paper but the address it leads to; the public record says the same."""

    title: str
    number: str
    innovation: str
    agency: str
    text: str
    given_on: date


def of(session: Session, case: Case) -> Certificate | None:
    """The certificate of an innovation as it stands; None where its stage gives none, or it has ended.

    Dated by the day on which it reached the stage here.
    """
    stage = _stage(case)
    if stage is None or stage.certificate is None:
        return None
    shown = select(Case.id).where(Case.id == case.id, queries.public())
    if public.ended(case) is not None or session.scalar(shown) is None:
        return None
    return Certificate(
        title=stage.certificate.title,
        number=case.number,
        innovation=case.title,
        agency=case.agency.name,
        text=stage.certificate.text,
        given_on=_reached(session, case, stage),
    )


def _stage(case: Case) -> Stage | None:
    """The last stage up to the present one that gives a certificate."""
    stages = process(case.process).pipeline(case.pipeline)
    here = process(case.process).stages[case.stage].order
    return next((s for s in reversed(stages) if s.order <= here and s.certificate is not None), None)


def _reached(session: Session, case: Case, stage: Stage) -> date:
    """The day of the first event that led into the stage or past it."""
    order = {s.name: s.order for s in process(case.process).pipeline(case.pipeline)}
    events = session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.seq))
    into = (e for e in events if order.get(str(e.data.get("to", "")).partition(".")[0], 0) >= stage.order)
    first = next(into, None)
    return wib_date(first.at if first else case.entered_at)
