"""Levels of an entry: named by the agency, judged by Bappeda Litbang item by item."""

from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import links, policy
from workflow.clock import WIB
from workflow.commands.find import check_version, find
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, Problem, Reason, Refused
from workflow.iid.catalogue import HIGHEST, Indicator
from workflow.iid.entries import Standing, standing
from workflow.ledger import Actor, record
from workflow.models import Case, IndicatorClaim
from workflow.models.entries import ACCEPTED, REFUSED, WAITING
from workflow.validation import formats

LONGEST_NOTE = 2000
LONGEST_LINK = 500
SHORTEST_REASON = 3


@dataclass(frozen=True)
class NewClaim:
    """What the agency says of one indicator; level 0 takes the claim back."""

    level: int
    basis: str | None = None
    note: str | None = None
    link: str | None = None


def claim_level(
    session: Session, actor: Actor, number: str, indicator: str, new: NewClaim, expected: str | None = None
) -> IndicatorClaim:
    """Name a level for an indicator; what was verified of it before is open again.

    Raises Forbidden, Refused outside the states in which levels are named, or Invalid with every problem.
    """
    case = find(session, actor, number, lock=True)
    check_version(case, expected)
    role = _role(actor, case, policy.NAME_LEVELS)
    _require_state(case, "named", "Parameter tidak dapat diubah pada status ini.")
    row = _indicator(standing(session, case), indicator)
    new = _clean(new)
    faults = list(_problems(row, new))
    if faults:
        raise Invalid(faults)
    held = _held(session, case, indicator)
    if held is not None and _same(held, new):
        return held
    claim = held or IndicatorClaim(case_id=case.id, indicator=indicator)
    claim.level, claim.basis, claim.note = new.level, new.basis, new.note
    if claim.link != new.link:
        claim.link, claim.link_checked_on = new.link, None
        claim.link_state, claim.link_note = None, None
        claim.link_due_at = actor.at if new.link else None
    claim.claimed_by, claim.claimed_at = actor.user_id or 0, actor.at
    reopen(claim)
    session.add(claim)
    data = {"indicator": indicator, "level": new.level, "basis": new.basis, "link": new.link}
    _write(session, case, actor, role, "claim.named", data, new.note)
    return claim


def judge_claim(
    session: Session, actor: Actor, number: str, indicator: str, *, accept: bool, reason: str | None = None
) -> IndicatorClaim:
    """Accept the evidence for a level, or refuse it with a reason.

    Raises Forbidden, Refused outside verification and where nothing is claimed, Invalid without a reason.
    """
    case = find(session, actor, number, lock=True)
    role = _role(actor, case, policy.JUDGE_LEVELS)
    _require_state(case, "verified", "Verifikasi bukti dilakukan pada status verifikasi.")
    found = standing(session, case)
    _indicator(found, indicator)
    row = next(r for r in found.rows if r.indicator.number == indicator)
    claim = _held(session, case, indicator)
    if claim is None or row.state in {"empty", "unproven"}:
        raise Refused(
            [Reason("evidence", f"{row.indicator.title}: belum ada parameter dengan bukti dukung.")]
        )
    text = (reason or "").strip()
    if not accept and len(text) < SHORTEST_REASON:
        raise Invalid([Problem("/reason", "Alasan penolakan wajib diisi.")])
    if len(text) > LONGEST_NOTE:
        raise Invalid([Problem("/reason", f"Alasan terlalu panjang, maksimal {LONGEST_NOTE} karakter.")])
    claim.state = ACCEPTED if accept else REFUSED
    claim.reason = text or None
    claim.verified_by, claim.verified_at = actor.user_id, actor.at
    if claim.link and accept:
        claim.link_checked_on = _today(actor)
    data = {"indicator": indicator, "level": claim.level}
    _write(session, case, actor, role, f"claim.{claim.state}", data, text or None)
    return claim


def reopen(claim: IndicatorClaim) -> bool:
    """Something about it changed: what was verified is open again. Whether that undid a verdict."""
    undone = claim.state in {ACCEPTED, REFUSED}
    claim.state, claim.reason, claim.verified_by, claim.verified_at = WAITING, None, None, None
    return undone


def reopen_for(session: Session, case: Case, indicator: str | None) -> bool:
    """The same for whatever claim a changed piece of evidence belongs to."""
    claim = _held(session, case, indicator) if indicator else None
    return reopen(claim) if claim is not None else False


def _held(session: Session, case: Case, indicator: str | None) -> IndicatorClaim | None:
    return session.scalars(
        select(IndicatorClaim).where(IndicatorClaim.case_id == case.id, IndicatorClaim.indicator == indicator)
    ).one_or_none()


def _write(
    session: Session,
    case: Case,
    actor: Actor,
    role: str,
    name: str,
    data: dict[str, object],
    note: str | None,
) -> None:
    record(session, case, actor, role, name, data, {"note": note} if note else None)
    case.version += 1
    session.flush()


def _role(actor: Actor, case: Case, allowed: frozenset[str]) -> str:
    roles = policy.roles_on(actor.user, case) & allowed if actor.user else frozenset()
    if not roles:
        raise Forbidden
    return sorted(roles, key=policy.CASE_ROLES.index)[0]


def _require_state(case: Case, levels: str, message: str) -> None:
    if process(case.process).states[case.state].levels != levels:
        raise Refused([Reason("state", message)])


def _indicator(found: Standing, number: str) -> Indicator:
    indicator = found.catalogue.by_number.get(number)
    if indicator is None:
        message = f"Indikator {number[:20]} tidak ada pada katalog {found.catalogue.year}."
        raise Invalid([Problem("/indicator", message)])
    return indicator


def _clean(new: NewClaim) -> NewClaim:
    return replace(
        new,
        basis=new.basis or None,
        note=(new.note or "").strip() or None,
        link=(new.link or "").strip() or None,
    )


def _problems(indicator: Indicator, new: NewClaim) -> list[Problem]:
    faults = []
    if not 0 <= new.level <= HIGHEST:
        faults.append(Problem("/level", f"Parameter antara 0 dan {HIGHEST}."))
    if new.level and indicator.basis(new.basis) is None:
        faults.append(Problem("/basis", "Pilih dasar pengukuran."))
    if new.note and (len(new.note) > LONGEST_NOTE or "\x00" in new.note):
        faults.append(
            Problem("/note", f"Catatan paling panjang {LONGEST_NOTE} karakter, tanpa karakter khusus.")
        )
    return faults + _link_problems(indicator, new.link)


def _link_problems(indicator: Indicator, link: str | None) -> list[Problem]:
    if link is None:
        return []
    if indicator.proof is None or not indicator.proof.link:
        return [Problem("/link", "Indikator ini dibuktikan dengan berkas, bukan tautan.")]
    if len(link) > LONGEST_LINK or not formats.conforms(link, "uri"):
        return [Problem("/link", "Tautan harus lengkap, diawali https://, paling panjang 500 karakter.")]
    reason = links.closed(link)
    return [Problem("/link", reason)] if reason else []


def _same(held: IndicatorClaim, new: NewClaim) -> bool:
    return (held.level, held.basis, held.note, held.link) == (new.level, new.basis, new.note, new.link)


def _today(actor: Actor) -> date:
    return actor.at.astimezone(WIB).date()
