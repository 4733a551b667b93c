"""A session in words, as invitations and pages say it."""

from collections.abc import Sequence
from datetime import datetime

from workflow import dates
from workflow.clock import WIB
from workflow.models import Seminar, SeminarSlot
from workflow.seminars.lists import rule_of

FACTS = {
    "id": ("Hari/tanggal", "Waktu", "Tempat", "Tautan daring", "Ketua sidang", "Acara"),
    "en": ("Day and date", "Time", "Place", "Online link", "Chair", "Programme"),
}


def title(seminar: Seminar, locale: str = "id") -> str:
    return rule_of(seminar.state).title(locale)


def span(starts_at: datetime, ends_at: datetime, locale: str = "id") -> str:
    """09.20–09.50 WIB"""
    first, last = (dates.clock_time(moment, locale) for moment in (starts_at, ends_at))
    return f"{first.removesuffix(' WIB')}–{last}"


def where(seminar: Seminar, locale: str = "id") -> str:
    """The room, or that it is online; never the link itself."""
    return seminar.place or ("online" if locale == "en" else "daring")


def line(slot: SeminarSlot, locale: str = "id") -> str:
    """Kamis, 24 November 2022, 09.20–09.50 WIB, Aula BKPSDM"""
    when = span(slot.starts_at, slot.ends_at, locale)
    return f"{dates.full_date(slot.starts_at, locale)}, {when}, {where(slot.seminar, locale)}"


def facts(seminar: Seminar, locale: str = "id") -> str:
    """The lines of an official invitation."""
    names = FACTS["en" if locale == "en" else "id"]
    said = (
        dates.full_date(seminar.starts_at, locale),
        span(seminar.starts_at, seminar.ends_at, locale),
        seminar.place,
        seminar.link,
        seminar.chair.name,
        f"{title(seminar, locale)}, {seminar.cohort.name}",
    )
    return "\n".join(f"{name}: {text}" for name, text in zip(names, said, strict=True) if text)


def programme(slots: Sequence[SeminarSlot], locale: str = "id") -> str:
    """Two lines for each presentation: when and which, then its title."""
    return "\n".join(
        f"{span(s.starts_at, s.ends_at, locale)} · {s.case.number}\n{s.case.title}" for s in slots
    )


def day_of(moment: datetime) -> str:
    return moment.astimezone(WIB).date().isoformat()
