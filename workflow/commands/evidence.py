"""Attaching a file to a case."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.commands.find import find
from workflow.errors import Forbidden, Invalid, Problem, Reason, Refused
from workflow.ledger import Actor, record
from workflow.models import Case, Evidence
from workflow.validation import require, schema

ADDERS = frozenset({"proposer", "co_author", "agency_head", "coordinator", "organiser"})


@dataclass(frozen=True)
class NewEvidence:
    """A file already in the store, and what the person says of it."""

    file_name: str
    media_type: str
    size: int
    sha256: str
    field: str | None = None
    indicator: str | None = None
    letter_number: str | None = None
    letter_date: date | None = None
    letter_subject: str | None = None


def add_evidence(session: Session, actor: Actor, number: str, new: NewEvidence) -> Evidence:
    """Bind a stored file to a case. Refused once the case has ended, or for the same proof twice."""
    case = find(session, actor, number, lock=True)
    roles = policy.roles_on(actor.user, case) & ADDERS if actor.user else frozenset()
    if not roles or actor.user is None:
        raise Forbidden
    if case.outcome in {"rejected", "withdrawn"}:
        raise Refused([Reason("state", "Usulan ini sudah selesai; bukti dukung tidak dapat ditambahkan.")])
    require("evidence_create", _said(new), actor.locale)
    if not new.field and not new.indicator:
        raise Invalid([Problem("/field", "Sebutkan isian atau indikator yang dibuktikan berkas ini.")])
    if _held(session, case, new):
        raise Refused(
            [Reason("duplicate", "Berkas yang sama sudah diunggah untuk isian atau indikator ini.")]
        )
    data = {
        "file": new.file_name,
        "sha256": new.sha256,
        "size": new.size,
        "field": new.field,
        "indicator": new.indicator,
    }
    role = sorted(roles, key=policy.CASE_ROLES.index)[0]
    event = record(session, case, actor, role, "evidence.added", data)
    evidence = Evidence(
        case_id=case.id,
        event_id=event.id,
        uploaded_by=actor.user.id,
        uploaded_at=actor.at,
        **vars(new),
    )
    session.add(evidence)
    case.version += 1
    session.flush()
    return evidence


def _said(new: NewEvidence) -> dict[str, str]:
    """What the person says of the file, as the schema has it."""
    said = {name: getattr(new, name) for name in schema("evidence_create")["properties"]}
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in said.items()
        if value is not None
    }


def _held(session: Session, case: Case, new: NewEvidence) -> bool:
    same = select(Evidence.id).where(
        Evidence.case_id == case.id,
        Evidence.sha256 == new.sha256,
        Evidence.field.is_(None) if new.field is None else Evidence.field == new.field,
        Evidence.indicator.is_(None) if new.indicator is None else Evidence.indicator == new.indicator,
    )
    return session.scalars(same.limit(1)).first() is not None
