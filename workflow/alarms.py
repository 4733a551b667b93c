"""What the operator has to see to, as incidents: noticed from the rows, told once, closed when solved."""

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from workflow import audit, dates, delivery, file_check, mail_texts
from workflow.anchors import newest
from workflow.models import Email, Incident, Job, Verification, Webhook

LATE_AFTER = timedelta(minutes=5)
SLOW_AFTER = timedelta(hours=1)
ANCHOR_LATE_AFTER = timedelta(days=2)

KINDS = {
    "late": "Pekerjaan atau surel menunggu dan tidak ada yang mengambilnya",
    "slow": "Pekerjaan atau surel gagal terus selama lebih dari satu jam",
    "parked": "Pekerjaan atau surel berhenti dan menunggu keputusan",
    "unknown": "Surel belum pasti terkirim dan menunggu keputusan",
    "webhook": "Alamat webhook dimatikan oleh sistem dan menunggu keputusan",
    "anchor": "Rantai peristiwa belum berjangkar di luar basis data",
    "chain": "Rantai peristiwa putus",
    "wording": "Teks surel yang diubah tidak dapat dipakai; teks bawaan dikirim sebagai gantinya",
    "files": "Berkas bukti hilang atau berubah di penyimpanan",
}


def noticed(session: Session, now: datetime) -> dict[str, str]:
    """Everything that is wrong at this moment: kind → one sentence with figures, no personal data."""
    found = {
        "late": _waiting(session, now, LATE_AFTER, taken=False),
        "slow": _waiting(session, now, SLOW_AFTER, taken=True),
        "parked": _stopped(session),
        "unknown": _unknown(session),
        "webhook": _switched_off(session),
        "anchor": _unanchored(session, now),
        "chain": _broken(session),
        "wording": _worded_wrongly(session),
        "files": _lost(session),
    }
    return {kind: detail for kind, detail in found.items() if detail}


def kinds_open(session: Session) -> set[str]:
    return set(session.scalars(select(Incident.kind).where(Incident.closed_at.is_(None))))


def settle(session: Session, found: dict[str, str], now: datetime) -> None:
    """Open an incident for each new kind, close those that are over."""
    unsolved = {
        row.kind: row for row in session.scalars(select(Incident).where(Incident.closed_at.is_(None)))
    }
    for kind, detail in found.items():
        if kind not in unsolved:
            session.add(Incident(kind=kind, detail=detail, opened_at=now))
    for kind, row in unsolved.items():
        if kind not in found:
            row.closed_at = now


def untold(session: Session, now: datetime) -> list[Incident]:
    """Incidents whose beginning or end nobody has been told yet and nobody is telling now.

    One that was over before anybody heard of it stays untold.
    """
    news = or_(
        and_(Incident.told_at.is_(None), Incident.closed_at.is_(None)),
        and_(Incident.told_at.is_not(None), Incident.closed_at.is_not(None), Incident.end_told_at.is_(None)),
    )
    free = or_(Incident.taken_until.is_(None), Incident.taken_until < now)
    return list(session.scalars(select(Incident).where(news, free).order_by(Incident.id)))


def _waiting(session: Session, now: datetime, patience: timedelta, *, taken: bool) -> str | None:
    """Rows due longer than this and nobody's; or, `taken`, rows that failed and are owed longer than this."""
    count, oldest = 0, now
    kinds: tuple[type[Job], type[Email]] = (Job, Email)
    for kind in kinds:
        since = delivery.owed_since(kind) if taken else kind.due_at
        query = select(func.count(), func.min(since)).where(delivery.is_waiting(kind), since < now - patience)
        if taken:
            query = query.where(kind.attempts > 0)
        else:
            query = query.where(or_(kind.leased_until.is_(None), kind.leased_until < now))
        found, first = session.execute(query).one()
        count, oldest = count + found, min(oldest, first) if found else oldest
    return f"{count} menunggu, yang tertua sejak {dates.age(now - oldest)} lalu" if count else None


def _stopped(session: Session) -> str | None:
    counts = [
        session.scalar(select(func.count()).where(kind.parked_at.is_not(None), kind.dropped_at.is_(None)))
        or 0
        for kind in (Job, Email)
    ]
    return f"{counts[0]} pekerjaan, {counts[1]} surel" if sum(counts) else None


def _unknown(session: Session) -> str | None:
    count = session.scalar(select(func.count()).where(delivery.is_open(Email), Email.unknown_at.is_not(None)))
    return f"{count} surel" if count else None


def _switched_off(session: Session) -> str | None:
    count = session.scalar(select(func.count()).where(Webhook.off_reason.is_not(None)))
    return f"{count} alamat" if count else None


def _unanchored(session: Session, now: datetime) -> str | None:
    end, _last = audit.head(session)
    anchor = newest(session)
    if anchor is None or (anchor.position == end.position and anchor.filed_at is not None):
        return None
    if now - anchor.at < ANCHOR_LATE_AFTER:
        return None
    return f"jangkar terakhir dari {dates.long_date(anchor.day)}"


def _broken(session: Session) -> str | None:
    finished = select(Verification).where(Verification.finished_at.is_not(None))
    last = session.scalars(finished.order_by(Verification.id.desc()).limit(1)).one_or_none()
    return None if last is None or last.intact else f"pada peristiwa {last.event_id}: {last.fault}"


def _worded_wrongly(session: Session) -> str | None:
    count = len(mail_texts.faulty(session))
    return f"{count} teks" if count else None


def _lost(session: Session) -> str | None:
    missing, altered = file_check.faulty(session)
    if not missing and not altered:
        return None
    last = file_check.newest(session, finished=True)
    strange = f", {last.orphaned} tanpa catatan" if last and last.orphaned else ""
    return f"{missing} hilang, {altered} berubah{strange}"
