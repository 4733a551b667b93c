"""Taking back a file in which a scanner found malware, wherever it proves something."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.commands.claims import reopen_for
from workflow.commands.find import locked
from workflow.ledger import Actor, record
from workflow.models import Case, Evidence, StoredFile


def refuse_infected(session: Session, file: StoredFile, now: datetime) -> None:
    """Withdraw it from every case, frozen ones too; uploader and coordinator get a mail about each."""
    standing = (Evidence.sha256 == file.sha256, Evidence.withdrawn_at.is_(None))
    for case in locked(session, Case.id.in_(select(Evidence.case_id).where(*standing))):
        query = select(Evidence).where(Evidence.case_id == case.id, *standing).order_by(Evidence.id)
        for evidence in session.scalars(query).all():
            _refuse(session, case, evidence, file, now)


def _refuse(session: Session, case: Case, evidence: Evidence, file: StoredFile, now: datetime) -> None:
    data: dict[str, object] = {
        "file": evidence.file_name,
        "sha256": evidence.sha256,
        "field": evidence.field,
        "indicator": evidence.indicator,
        "signature": file.signature,
        "user": evidence.uploaded_by,
    }
    if reopen_for(session, case, evidence.indicator):
        data["reopened"] = True
    evidence.withdrawn_at = now
    case.version += 1
    record(session, case, Actor(None, now), "system", "evidence.infected", data, handlers=["notify"])
