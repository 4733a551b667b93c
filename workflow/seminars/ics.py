"""Presentations as calendar files (RFC 5545): published to read, not a request that wants an answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from icalendar import Calendar, vCalAddress
from icalendar import Event as Entry

from workflow.models import Case, SeminarSlot
from workflow.seminars import words
from workflow.settings import Settings

WIB_ZONE = ZoneInfo("Asia/Jakarta")
REFRESH = timedelta(hours=4)
MEDIA_TYPE = "text/calendar; charset=utf-8"


@dataclass(frozen=True)
class Due:
    """A case with a deadline, as its reader may know it."""

    case: Case
    title: str
    page: str


def calendar(
    settings: Settings, slots: Iterable[SeminarSlot], name: str, due: Iterable[Due] = (), locale: str = "id"
) -> bytes:
    """One entry for each presentation; what was called off says so, so that a calendar takes it out.

    An entry carries number, title, time and place: no people, no link, nothing of what was written.
    """
    made = Calendar()
    made.add("prodid", "-//Loncatan//Inovasi Sragen//ID")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for slot in slots:
        made.add_component(_presentation(settings, slot, locale))
    for case in due:
        made.add_component(_deadline(settings, case, locale))
    made.add_missing_timezones()
    text: bytes = made.to_ical()
    return text


def _presentation(settings: Settings, slot: SeminarSlot, locale: str) -> Entry:
    seminar, made = slot.seminar, Entry()
    off = slot.cancelled_at is not None or seminar.cancelled_at is not None
    made.add("uid", f"seminar-{slot.id}@{_host(settings)}")
    made.add("dtstamp", slot.changed_at.astimezone(UTC))
    made.add("sequence", slot.sequence)
    made.add("dtstart", slot.starts_at.astimezone(WIB_ZONE))
    made.add("dtend", slot.ends_at.astimezone(WIB_ZONE))
    made.add("summary", f"{words.title(seminar, locale)}: {slot.case.number} {slot.case.title}")
    made.add("location", words.where(seminar, locale))
    made.add("status", "CANCELLED" if off else "CONFIRMED")
    made.add("url", f"{settings.address}/seminar/{seminar.id}")
    made.add("organizer", _organiser(settings))
    return made


def _deadline(settings: Settings, waiting: Due, locale: str) -> Entry:
    case, made = waiting.case, Entry()
    due = case.due_at or case.updated_at
    word = "Deadline" if locale == "en" else "Batas waktu"
    made.add("uid", f"tenggat-{case.number}-{case.visit}@{_host(settings)}".lower())
    made.add("dtstamp", case.updated_at.astimezone(UTC))
    made.add("sequence", case.version)
    made.add("dtstart", _local(due))
    made.add("duration", timedelta())
    made.add("transp", "TRANSPARENT")
    made.add("summary", f"{word}: {case.number} {waiting.title}")
    made.add("url", f"{settings.address}{waiting.page}")
    made.add("organizer", _organiser(settings))
    return made


def _local(moment: datetime) -> datetime:
    return moment.astimezone(WIB_ZONE)


def _organiser(settings: Settings) -> vCalAddress:
    """The office's mailbox, as in mails; PUBLISH wants one."""
    name, address = parseaddr(settings.mail_from)
    made = vCalAddress(f"mailto:{address}")
    made.params["CN"] = name
    return made


def _host(settings: Settings) -> str:
    return urlsplit(settings.address).hostname or "loncatan"
