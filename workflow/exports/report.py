"""One page for the regent: the month so far against the month before, and who is late. Set by Typst."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, raiseload

from workflow import adoptions, deadlines, policy
from workflow.calendar import end_of, month_of, wib_date
from workflow.case_lists import Filters, found_by
from workflow.course import Where, last_months, promoted, punctuality
from workflow.dates import decimal, long_date, month_year, short_month, thousands
from workflow.definition import process, versions
from workflow.exports.document import UNOFFICIAL, letterhead
from workflow.exports.paper import set_in
from workflow.models import Case, User
from workflow.overview import Overview, overview
from workflow.phrases import ROLE_NAMES

LATE_SHOWN = 8
MONTHS_DRAWN = 6


@dataclass(frozen=True)
class Span:
    """What happened within a month: begun, gone on to another stage, ended; deadlines that fell into it."""

    name: str
    begun: int
    promoted: int
    ended: int
    kept: int
    due: int

    @property
    def title(self) -> str:
        return month_year(month_of(self.name)[0])


@dataclass(frozen=True)
class Report:
    """Everything on the page, read in one moment. `late` are the longest overdue."""

    at: datetime
    letterhead: tuple[str, str]
    held: Overview
    before: Span
    present: Span
    late: list[Case]
    adopted: int


def read(session: Session, user: User, now: datetime) -> Report:
    """The state of all cases that this person may see."""
    held = overview(session, user, now, Filters())
    where, _counts, _relaxed = found_by(session, user, now, Filters())
    before, present = (_span(session, where, now, held, month) for month in last_months(now, 2))
    late = (
        select(Case)
        .where(*where, Case.due_at < now, Case.outcome.is_(None))
        .order_by(Case.due_at, Case.id)
        .limit(LATE_SHOWN)
        .options(raiseload(Case.participants))
    )
    taken = select(func.count()).where(
        policy.visible(user), Case.pipeline == adoptions.PIPELINE, Case.outcome == adoptions.ADOPTED
    )
    found, adopted = list(session.scalars(late)), session.scalar(taken) or 0
    return Report(now, letterhead(session), held, before, present, found, adopted)


def _span(session: Session, where: Where, now: datetime, held: Overview, month: str) -> Span:
    figures = next(m for m in held.months if m.name == month)
    span = month_of(month)
    judged = punctuality(session, where, now, {}, span)
    kept, missed = sum(p.kept for p in judged), sum(p.missed for p in judged)
    return Span(month, figures.begun, promoted(session, where, *span), figures.ended, kept, kept + missed)


def page(report: Report) -> bytes:
    """The PDF, A4; the same report gives the same bytes."""
    return set_in("report", said(report), end_of(wib_date(report.at)))


def said(report: Report) -> dict[str, Any]:
    """The report in the words of the paper."""
    held = report.held
    return {
        "letterhead": report.letterhead,
        "title": "Laporan Inovasi Daerah untuk Bupati",
        "month": month_year(report.at),
        "figures": _figures(report),
        "changes": changes(report),
        "passages": [
            [
                _stage(p.stage),
                p.entered,
                thousands(p.entered),
                "" if p.share is None else f"{p.share} % lanjut",
            ]
            for p in held.passages[:-1]
        ]
        + [[_stage(p.stage), p.entered, thousands(p.entered), ""] for p in held.passages[-1:]],
        "months": [[short_month(month_of(m.name)[0]), m.begun, m.ended] for m in held.months[-MONTHS_DRAWN:]],
        "late": [_late(case, report.at) for case in report.late],
        "late_more": max(held.late.count - len(report.late), 0),
        "agencies": [
            [p.name, p.missed, p.kept + p.missed, p.share] for p in held.punctuality[:5] if p.missed
        ],
        "notes": _notes(report),
        "foot": f"Loncatan · keadaan per {long_date(report.at)}",
    }


def changes(report: Report) -> list[str]:
    """Three sentences about what changed since the month before."""
    now, before, months = report.present, report.before, report.held.months
    begun = (
        f"Sampai {long_date(report.at)}, {thousands(now.begun)} inovasi baru masuk pada bulan ini, "
        f"{_than(now.begun, before.begun)} {before.title} ({thousands(before.begun)})."
    )
    moved = (
        f"{thousands(now.promoted)} inovasi naik tahap dan {thousands(now.ended)} mencapai akhir (bulan lalu "
        f"{thousands(before.promoted)} dan {thousands(before.ended)}); yang berjalan kini "
        f"{thousands(months[-1].open)}, pada akhir bulan lalu {thousands(months[-2].open)}."
    )
    return [begun, moved, f"{_kept(now, 'Bulan ini')}; {_kept(before, 'bulan lalu')}."]


def _than(now: int, before: int) -> str:
    if now == before:
        return "sama dengan"
    return "lebih banyak daripada" if now > before else "lebih sedikit daripada"


def _kept(span: Span, when: str) -> str:
    if not span.due:
        return f"{when} tidak ada batas waktu yang jatuh"
    share = round(span.kept / span.due * 100)
    return f"{when} {thousands(span.kept)} dari {thousands(span.due)} batas waktu ditepati ({share} %)"


def _figures(report: Report) -> list[list[str]]:
    held = report.held
    share = round(held.digital.count / held.total * 100) if held.total else 0
    found = [
        [thousands(held.total), "usulan dan inovasi"],
        [thousands(held.months[-1].open), "sedang berjalan"],
        [f"{share} %", "digital"],
        [thousands(report.adopted), "adopsi oleh perangkat daerah lain"],
        [thousands(held.late.count), "melewati batas waktu"],
    ]
    if held.outlook is not None:
        iid = decimal(str(held.outlook.verified.iid))
        found.append([iid, f"perkiraan IID {held.outlook.year}, {held.outlook.verified.category.title}"])
    return found


def _late(case: Case, now: datetime) -> list[str]:
    state = process(case.process).states[case.state]
    days = -deadlines.days_left(case.due_at, now) if case.due_at else 0
    return [
        case.number,
        case.title,
        case.agency.short_name,
        f"{ROLE_NAMES.get(state.owner, state.owner)} ({state.title.id})",
        f"{days} hari kerja",
    ]


def _notes(report: Report) -> list[str]:
    outlook = report.held.outlook
    if outlook is None:
        return []
    spd = "SPD belum dicatat dan dihitung 0." if outlook.spd is None else f"SPD {decimal(str(outlook.spd))}."
    basis = f"Perkiraan IID {outlook.year} memakai skor terverifikasi dari {outlook.verified.entries} entri."
    return [" ".join(filter(None, [basis, spd, UNOFFICIAL, outlook.borrowed]))]


def _stage(name: str) -> str:
    return process(versions()[-1]).stages[name].title.id
