"""An entry as documents: its profile, its indicators with their evidence, and what was scored by whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.definition import process
from workflow.iid.catalogue import HIGHEST
from workflow.iid.entries import PROFILE, Row, Standing, standing
from workflow.models import Agency, Case, Evidence
from workflow.readable import answers

FORMAT = 1
UNOFFICIAL = "Perhitungan sendiri menurut katalog; bukan nilai resmi Kementerian Dalam Negeri."
COORDINATOR = "bappeda-litbang"


@dataclass(frozen=True)
class Package:
    """Everything that goes into the package of one entry, read in one moment."""

    number: str
    version: int
    changed_at: datetime
    letterhead: tuple[str, str]
    profile: Mapping[str, Any]
    indicators: list[dict[str, Any]]
    answers: list[dict[str, Any]]
    evidence: tuple[tuple[str, str, tuple[Evidence, ...], str | None], ...]
    """By indicator: its number, its title, its files, its link."""


def read(session: Session, case: Case) -> Package:
    """The entry as it stands now."""
    found = standing(session, case)
    rows = [row for row in found.rows if row.evidenced]
    return Package(
        number=case.number,
        version=case.version,
        changed_at=case.updated_at,
        letterhead=letterhead(session),
        profile=_profile(case, found),
        indicators=[_indicator(row) for row in found.rows],
        answers=answers(PROFILE, found.profile),
        evidence=tuple(
            (r.indicator.number, r.indicator.title, r.evidence, r.claim.link if r.claim else None)
            for r in rows
        ),
    )


def letterhead(session: Session) -> tuple[str, str]:
    """The two lines above every paper: the regency, and the agency that runs its innovations."""
    name = session.scalar(select(Agency.name).where(Agency.code == COORDINATOR)) or "Bappeda Litbang"
    return "PEMERINTAH KABUPATEN SRAGEN", name.upper()


def ministry_score(case: Case) -> Decimal | None:
    """What the ministry gave this entry, once somebody recorded it."""
    score = _form(case, "iga_result").get("maturity")
    return None if score is None else Decimal(str(score)).quantize(Decimal("0.01"))


def register_number(case: Case) -> str | None:
    return _form(case, "iga_receipt").get("register_number")


def award(case: Case) -> str | None:
    return _form(case, "iga_result").get("award")


def _form(case: Case, name: str) -> Mapping[str, Any]:
    held = case.forms.get(name)
    return held if isinstance(held, dict) else {}


def _profile(case: Case, found: Standing) -> dict[str, Any]:
    state = process(case.process).states[case.state]
    given = ministry_score(case)
    return {
        "format": FORMAT,
        "number": case.number,
        "title": case.title,
        "agency": case.agency.name,
        "category": case.category,
        "stage": process(case.process).stages[case.stage].tahapan,
        "state": {"name": case.state, "title": state.title.id},
        "year": found.year,
        "catalogue": found.catalogue.year,
        "version": case.version,
        "changed_at": case.updated_at.astimezone(UTC).isoformat(),
        "register_number": register_number(case),
        "scores": {
            "claimed": str(found.maturity.claimed),
            "verified": str(found.maturity.verified),
            "most": str(found.catalogue.most),
            "ministry": None if given is None else str(given),
        },
        "requirements": [{"rule": r.rule, "met": r.met, "message": r.message} for r in found.requirements],
        "profile": dict(found.profile),
        "not_asked_by_ministry": list(found.catalogue.profile.not_asked),
        "also_asked_by_ministry": list(found.catalogue.profile.also_asked),
        "joined_by_ministry": list(found.catalogue.profile.joined),
        "notes": [UNOFFICIAL, *filter(None, [found.borrowed]), *found.catalogue.uncertain],
    }


def _indicator(row: Row) -> dict[str, Any]:
    claim, indicator = row.claim, row.indicator
    basis = claim.basis if claim else None
    return {
        "number": indicator.number,
        "title": indicator.title,
        "weight": str(indicator.weight),
        "mandatory": indicator.mandatory,
        "level": row.level,
        "basis": basis,
        "level_text": indicator.level_text(row.level, basis),
        "points": {
            "claimed": str(indicator.weight * row.level if row.evidenced else Decimal(0)),
            "verified": str(indicator.weight * row.level if row.state == "accepted" else Decimal(0)),
            "most": str(indicator.weight * HIGHEST),
        },
        "state": row.state,
        "note": claim.note if claim else None,
        "reason": claim.reason if claim else None,
        "link": claim.link if claim else None,
        "link_checked_on": claim.link_checked_on.isoformat() if claim and claim.link_checked_on else None,
        "evidence": [_proof(e) for e in row.evidence],
    }


def _proof(evidence: Evidence) -> dict[str, Any]:
    return {
        "file": evidence.file_name,
        "media_type": evidence.media_type,
        "size": evidence.size,
        "sha256": evidence.sha256,
        "letter_number": evidence.letter_number,
        "letter_date": evidence.letter_date.isoformat() if evidence.letter_date else None,
        "letter_subject": evidence.letter_subject,
    }
