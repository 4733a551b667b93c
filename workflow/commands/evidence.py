"""Attaching a file to a case, and taking it back."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import dates, policy
from workflow.clock import WIB
from workflow.commands.claims import reopen_for
from workflow.commands.find import find
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.evidence_store import VIDEO
from workflow.iid.catalogue import Catalogue
from workflow.iid.entries import Standing, is_entry, standing
from workflow.ledger import Actor, record
from workflow.models import Case, Evidence
from workflow.quarantine import infected_by, know
from workflow.validation import require, schema

ADDERS = frozenset({"proposer", "co_author", "agency_head", "coordinator", "organiser"})
FILE_TYPES = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", VIDEO: "mp4"}
LETTER = {"letter_number": "Nomor surat", "letter_date": "Tanggal surat", "letter_subject": "Perihal"}


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
    """Bind a stored file to a case; what was verified of its indicator is open again.

    Refused once the case has ended or the entry was sent, and for the same proof twice. In an entry the
    catalogue decides which indicators there are and what proves them. Raises Invalid with every problem.
    """
    case = find(session, actor, number, lock=True)
    role = _role(actor, case)
    if case.outcome in {"rejected", "withdrawn"}:
        raise Refused([Reason("state", "Usulan ini sudah selesai; bukti dukung tidak dapat ditambahkan.")])
    require("evidence_create", _said(new), actor.locale)
    if new.indicator:
        _require_open(case)
    faults = _problems(session, actor, case, new)
    if faults:
        raise Invalid(faults)
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
    if reopen_for(session, case, new.indicator):
        data["reopened"] = True
    event = record(session, case, actor, role, "evidence.added", data)
    evidence = Evidence(
        case_id=case.id,
        event_id=event.id,
        uploaded_by=actor.user_id or 0,
        uploaded_at=actor.at,
        **vars(new),
    )
    session.add(evidence)
    know(session, actor.at, new.sha256, new.size, new.media_type)
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


def withdraw_evidence(session: Session, actor: Actor, number: str, evidence_id: int) -> Evidence:
    """Take a file back; its row and bytes stay for the record, but it proves nothing any more.

    Raises NotFound, Forbidden, or Refused once the case has ended or the entry was sent.
    """
    case = find(session, actor, number, lock=True)
    role = _role(actor, case)
    evidence = session.get(Evidence, evidence_id)
    if evidence is None or evidence.case_id != case.id or evidence.withdrawn_at is not None:
        raise NotFound
    if case.outcome is not None:
        raise Refused([Reason("state", "Tahap ini sudah selesai; bukti dukung tidak dapat ditarik.")])
    _require_open(case)
    data: dict[str, object] = {
        "file": evidence.file_name,
        "sha256": evidence.sha256,
        "field": evidence.field,
        "indicator": evidence.indicator,
    }
    if reopen_for(session, case, evidence.indicator):
        data["reopened"] = True
    record(session, case, actor, role, "evidence.withdrawn", data)
    evidence.withdrawn_at = actor.at
    case.version += 1
    session.flush()
    return evidence


def _role(actor: Actor, case: Case) -> str:
    roles = policy.roles_on(actor.user, case) & ADDERS if actor.user else frozenset()
    if not roles:
        raise Forbidden
    return sorted(roles, key=policy.CASE_ROLES.index)[0]


def _require_open(case: Case) -> None:
    """An entry is frozen while and after it is with the ministry: what was sent stays what it was."""
    if is_entry(case) and process(case.process).states[case.state].levels is None:
        raise Refused([Reason("frozen", "Entri ini sudah dibekukan; bukti indikator tidak dapat diubah.")])


def _problems(session: Session, actor: Actor, case: Case, new: NewEvidence) -> list[Problem]:
    faults = []
    if not new.field and not new.indicator:
        faults.append(Problem("/field", "Sebutkan isian atau indikator yang dibuktikan berkas ini."))
    if new.letter_date and new.letter_date > actor.at.astimezone(WIB).date():
        faults.append(Problem("/letter_date", "Tanggal surat berada di masa depan."))
    infected = infected_by(session, new.sha256)
    faults += [Problem("/file", str(infected))] if infected else []
    if new.indicator and is_entry(case):
        found = standing(session, case)
        faults += _indicator_problems(found.catalogue, new)
        faults += [] if faults else _date_problems(found, new)
    return faults


def _date_problems(found: Standing, new: NewEvidence) -> list[Problem]:
    """A letter proves something of the years that are assessed; a rule in force does whatever its date."""
    indicator = found.catalogue.by_number.get(new.indicator or "")
    if new.letter_date is None or indicator is None or indicator.in_force:
        return []
    first = date(found.year + found.catalogue.entry.first_letter_year, 1, 1)
    last = date(found.year, 12, 31)
    if first <= new.letter_date <= last:
        return []
    span = f"{dates.long_date(first)}–{dates.long_date(last)}"
    text = (
        f"Tanggal surat {dates.long_date(new.letter_date)} di luar masa bukti IGA {found.year} ({span}). "
        "Unggah surat dari masa itu, atau perbaiki tanggalnya bila salah ketik."
    )
    return [Problem("/letter_date", text)]


def _indicator_problems(catalogue: Catalogue, new: NewEvidence) -> list[Problem]:
    """What the catalogue asks of a proof: its type of file, and for a letter its number, date and subject."""
    indicator = catalogue.by_number.get(new.indicator or "")
    if indicator is None or indicator.proof is None:
        return [Problem("/indicator", f"Indikator ini tidak ada pada katalog {catalogue.year}.")]
    faults = []
    if FILE_TYPES[new.media_type] not in indicator.proof.files:
        accepted = ", ".join(indicator.proof.files).upper()
        faults.append(Problem("/file", f"Indikator ini menerima {accepted}; kirim berkas jenis itu."))
    if indicator.proof.kind == "surat":
        faults += [
            Problem(f"/{name}", f"{title} wajib diisi untuk bukti berupa surat.")
            for name, title in LETTER.items()
            if not getattr(new, name)
        ]
    return faults


def _held(session: Session, case: Case, new: NewEvidence) -> bool:
    same = select(Evidence.id).where(
        Evidence.case_id == case.id,
        Evidence.sha256 == new.sha256,
        Evidence.withdrawn_at.is_(None),
        Evidence.field.is_(None) if new.field is None else Evidence.field == new.field,
        Evidence.indicator.is_(None) if new.indicator is None else Evidence.indicator == new.indicator,
    )
    return session.scalars(same.limit(1)).first() is not None
