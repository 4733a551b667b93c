"""What the coordinator decides about an award year; every decision stays in the history."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from workflow import policy
from workflow.errors import Forbidden, Invalid, Problem
from workflow.iid import years
from workflow.iid.catalogue import catalogue_for
from workflow.ledger import Actor
from workflow.models import YearFact

FIRST, LAST = 2018, 2100
REASON = (5, 1000)


def set_window(
    session: Session, actor: Actor, year: int, opens: date | None, closes: date | None, reason: str
) -> YearFact:
    """Open, move or extend the masa penjaringan of a year. Raises Forbidden or Invalid."""
    faults = _faults(actor, year, reason)
    if opens is None:
        faults.append(Problem("/opens", "Tanggal pembukaan wajib diisi."))
    if closes is None:
        faults.append(Problem("/closes", "Tanggal penutupan wajib diisi."))
    if opens and closes and closes < opens:
        faults.append(Problem("/closes", "Tanggal penutupan mendahului tanggal pembukaan."))
    if opens and abs(opens.year - year) > 1:
        faults.append(Problem("/opens", f"Tanggal pembukaan tidak sesuai dengan tahun {year}."))
    if closes and abs(closes.year - year) > 1:
        faults.append(Problem("/closes", f"Tanggal penutupan tidak sesuai dengan tahun {year}."))
    if faults or opens is None or closes is None:
        raise Invalid(faults)
    value = {"opens": opens.isoformat(), "closes": closes.isoformat()}
    return _keep(session, actor, year, years.WINDOW, value, reason)


def set_spd(session: Session, actor: Actor, year: int, score: Decimal | None, reason: str) -> YearFact:
    """Record the region's own SPD score of a year. Raises Forbidden or Invalid."""
    faults = _faults(actor, year, reason)
    most = catalogue_for(year).region.spd_at_most
    if score is None or not score.is_finite() or not 0 <= score <= most:
        faults.append(Problem("/spd", f"Nilai SPD berupa angka antara 0 dan {most}."))
    if faults or score is None:
        raise Invalid(faults)
    return _keep(session, actor, year, years.SPD, {"score": str(score.quantize(Decimal("0.01")))}, reason)


def _faults(actor: Actor, year: int, reason: str) -> list[Problem]:
    if actor.user is None or not policy.may_run_entries(actor.user):
        raise Forbidden
    least, most = REASON
    faults = []
    if not FIRST <= year <= LAST:
        faults.append(Problem("/year", f"Tahun antara {FIRST} dan {LAST}."))
    if not least <= len(reason.strip()) <= most or "\x00" in reason:
        faults.append(Problem("/reason", f"Alasan wajib diisi, {least} sampai {most} karakter."))
    return faults


def _keep(
    session: Session, actor: Actor, year: int, name: str, value: dict[str, Any], reason: str
) -> YearFact:
    row = YearFact(
        year=year,
        name=name,
        value=value,
        reason=reason.strip(),
        changed_by=actor.user_id or 0,
        changed_at=actor.at,
    )
    session.add(row)
    session.flush()
    return row
