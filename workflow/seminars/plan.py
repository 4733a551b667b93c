"""A session as somebody wants it, and the times that follow from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlsplit

from workflow.calendar import wib_date
from workflow.clock import WIB
from workflow.errors import Problem
from workflow.models import Case, Seminar
from workflow.nip import find_nip
from workflow.phrases import phrase
from workflow.validation import storable

SHORTEST, LONGEST = 5, 240
MOST_CASES, MOST_BREAKS = 40, 2
PLACE, LINK, NOTE = 160, 500, 2000
FURTHEST_DAYS = 366
AFTERNOON = time(16, 0)
"""What does not end by then is left for another session, where nobody has chosen yet."""


@dataclass(frozen=True)
class Break:
    """Nobody presents from this time on, for so long."""

    at: time
    minutes: int


@dataclass(frozen=True)
class Plan:
    """What a form asks for; None where it could not be read. `cases` are numbers, in order."""

    day: date | None
    begins: time | None
    minutes: int | None
    breaks: tuple[Break, ...] = ()
    place: str = ""
    link: str = ""
    chair: int | None = None
    note: str = ""
    cases: tuple[str, ...] = ()
    unread: tuple[Problem, ...] = ()

    @property
    def starts_at(self) -> datetime | None:
        return None if self.day is None or self.begins is None else _moment(self.day, self.begins)


@dataclass(frozen=True)
class Place:
    """A case's time."""

    case: Case
    starts_at: datetime
    ends_at: datetime


def plan_of(seminar: Seminar) -> Plan:
    """The plan that a session as it stands follows."""
    local = seminar.starts_at.astimezone(WIB)
    return Plan(
        day=local.date(),
        begins=local.time(),
        minutes=seminar.minutes,
        breaks=tuple(Break(time.fromisoformat(b["at"]), b["minutes"]) for b in seminar.breaks),
        place=seminar.place,
        link=seminar.link,
        chair=seminar.chair_id,
        note=seminar.note,
        cases=tuple(slot.case.number for slot in seminar.standing),
    )


def stored_breaks(plan: Plan) -> list[dict[str, object]]:
    return [{"at": f"{b.at:%H:%M}", "minutes": b.minutes} for b in plan.breaks]


def lay_out(plan: Plan, cases: Sequence[Case]) -> list[Place]:
    """One after the other; who would run into a break begins after it. Empty while a time is missing."""
    if plan.day is None or plan.begins is None or not plan.minutes:
        return []
    pauses = sorted((_moment(plan.day, b.at), timedelta(minutes=b.minutes)) for b in plan.breaks)
    length, begins = timedelta(minutes=plan.minutes), _moment(plan.day, plan.begins)
    found = []
    for case in cases:
        for at, pause in pauses:
            if begins < at + pause and begins + length > at:
                begins = at + pause
        found.append(Place(case, begins, begins + length))
        begins += length
    return found


def by_afternoon(plan: Plan, cases: Sequence[Case]) -> list[Case]:
    """As many of the cases as end before the afternoon is over."""
    return [p.case for p in lay_out(plan, cases) if p.ends_at.astimezone(WIB).time() <= AFTERNOON]


def faults(plan: Plan, now: datetime) -> Iterator[Problem]:
    """What is wrong with the plan by itself, at its fields."""
    yield from plan.unread
    unread = {p.pointer for p in plan.unread}
    yield from (p for p in _when(plan, now) if p.pointer not in unread)
    yield from _where(plan)
    if plan.chair is None:
        yield Problem("/chair", "Pilih ketua sidang.")
    if not plan.cases:
        yield Problem("/case", "Pilih paling sedikit satu usulan.")
    elif len(plan.cases) > MOST_CASES:
        yield Problem("/case", f"Satu sesi memuat paling banyak {MOST_CASES} usulan.")
    yield from text_faults("/note", plan.note, NOTE)


def _when(plan: Plan, now: datetime) -> Iterator[Problem]:
    today = wib_date(now)
    if plan.day is None:
        yield Problem("/day", "Tanggal wajib diisi.")
    elif plan.day < today:
        yield Problem("/day", "Tanggal sudah lewat; pilih hari ini atau sesudahnya.")
    elif (plan.day - today).days > FURTHEST_DAYS:
        yield Problem("/day", "Tanggal paling lambat satu tahun dari sekarang.")
    if plan.begins is None:
        yield Problem("/begins", "Jam mulai wajib diisi, misalnya 08:30.")
    elif plan.day == today and plan.starts_at is not None and plan.starts_at <= now:
        yield Problem("/begins", "Jam mulai sudah lewat; pilih jam sesudah sekarang.")
    if plan.minutes is None or not SHORTEST <= plan.minutes <= LONGEST:
        yield Problem("/minutes", f"Waktu setiap usulan {SHORTEST} sampai {LONGEST} menit.")


def _where(plan: Plan) -> Iterator[Problem]:
    if not plan.place and not plan.link:
        yield Problem("/place", "Isi tempat atau tautan daring.")
    yield from text_faults("/place", plan.place, PLACE)
    if plan.link and not _is_link(plan.link):
        yield Problem("/link", "Tautan diawali https:// dan tanpa spasi, paling panjang 500 karakter.")


def text_faults(pointer: str, text: str, most: int) -> Iterator[Problem]:
    """What is wrong with a text that somebody typed: too long, unprintable, or a NIP in it."""
    if len(text) > most:
        yield Problem(pointer, f"Terlalu panjang: {len(text)} karakter, maksimal {most}.")
    if not storable(text):
        yield Problem(pointer, phrase("control", "id"))
    if find_nip(text):
        yield Problem(pointer, "Teks memuat NIP; tulis namanya saja.")


def _is_link(text: str) -> bool:
    if len(text) > LINK or not storable(text) or any(c.isspace() for c in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, WIB).astimezone(UTC)
