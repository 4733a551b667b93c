"""Rows of an old registry: which innovation each one is, and whether it is here already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.calendar import morning_of, wib_date
from workflow.commands import Arrival
from workflow.imports.agencies import AgencyIndex
from workflow.imports.rows import Verdict, read_row
from workflow.imports.titles import TitleKey, title_key
from workflow.models import Agency, Case, Import, ImportRow, User
from workflow.nip import Seal

ALIKE, LEAST_LETTERS = 90, 5
CATEGORIES = {"Digital": "digital", "Non Digital": "non_digital"}
NO_INITIATOR = "Inisiator tidak disebut; dicatat apa adanya."


@dataclass
class _Known:
    """The innovations of one agency: those here already, and those of rows further up."""

    whole: dict[str, str] = field(default_factory=dict)
    base: dict[str, "str | Verdict"] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def add(self, key: TitleKey, name: str, first: "str | Verdict") -> None:
        self.whole.setdefault(key.whole, name)
        self.base.setdefault(key.base, first)
        self.titles.setdefault(key.base, name)


def judge(
    session: Session, made: Import, rows: Sequence[ImportRow], seal: Seal, now: datetime
) -> list[Verdict]:
    """What each row is, in order."""
    today = wib_date(now)
    agencies = AgencyIndex(session, made.options.get("agencies", {}))
    verdicts = [read_row(made, row, seal, today) for row in rows]
    for verdict in verdicts:
        settle_agency(verdict, agencies)
        if "initiator" not in verdict.document:
            verdict.say("initiator", "remark", NO_INITIATOR)
    known = _known(session, verdicts)
    earlier = _earlier(session, made, rows, verdicts)
    for verdict in verdicts:
        _identify(verdict, known, earlier)
    _contacts(session, verdicts)
    return verdicts


def settle_agency(verdict: Verdict, agencies: AgencyIndex) -> None:
    """Put the agency's row beside its name, or say which names come near."""
    name = verdict.document.get("agency")
    if name is None:
        return
    match = agencies.match(name)
    if match.code is not None:
        verdict.agency = agencies.by_code[match.code]
        if not match.exact:
            verdict.say("agency", "remark", f"“{name}” dibaca sebagai {verdict.agency.name}.")
    else:
        near = f" Mungkin: {'; '.join(match.like)}." if match.like else ""
        verdict.say(
            "agency", "error", f"Instansi tidak dikenal.{near} Perbaiki namanya atau pilih padanannya."
        )


def arrivals(
    session: Session, made: Import, verdicts: Sequence[Verdict], seal: Seal, now: datetime
) -> dict[int, Arrival]:
    """What to make of the rows that are ready, by the ids of the rows."""
    del seal
    emails = {v.document["contact"] for v in verdicts if "contact" in v.document}
    users = {u.email: u for u in session.scalars(select(User).where(User.email.in_(sorted(emails)))).unique()}
    found: dict[int, Arrival] = {}
    for verdict in verdicts:
        if verdict.status == "ready" and verdict.agency is not None:
            found[verdict.row.id] = _arrival(made, verdict, verdict.agency, users, found, now)
    return found


def _arrival(
    made: Import,
    verdict: Verdict,
    agency: Agency,
    users: dict[str, User],
    before: dict[int, Arrival],
    now: datetime,
) -> Arrival:
    document, earlier = verdict.document, verdict.version_of
    since = _since(document)
    user = users.get(document.get("contact", ""))
    year = int(document["year"]) if "year" in document else since.year if since else wib_date(now).year
    return Arrival(
        title=document["title"],
        category=CATEGORIES[document["category"]],
        agency=agency,
        year=year,
        source={"import": made.id, "row": verdict.row.row, "file": made.file_name},
        raw=verdict.raw,
        tahapan=document["tahapan"],
        since=min(morning_of(since), now) if since else None,
        proposer=user if user and user.active else None,
        version_of=before.get(earlier.row.id) if isinstance(earlier, Verdict) else earlier,
    )


def _since(document: dict[str, str]) -> date | None:
    """Since when the innovation stands in its stage, as far as the row knows."""
    names = {"Penerapan": ("applied_date", "trial_date"), "Uji Coba": ("trial_date",)}
    days = [document[n] for n in names.get(document["tahapan"], ()) if n in document]
    return date.fromisoformat(days[0]) if days else None


def _known(session: Session, verdicts: Sequence[Verdict]) -> dict[int, _Known]:
    """What the agencies of these rows have already."""
    ids = {v.agency.id for v in verdicts if v.agency is not None}
    found = {agency_id: _Known() for agency_id in ids}
    query = select(Case.agency_id, Case.number, Case.title).where(
        Case.agency_id.in_(sorted(ids)), Case.voided_at.is_(None), Case.pipeline == "innovation"
    )
    for agency_id, number, title in session.execute(query.order_by(Case.id)):
        found[agency_id].add(title_key(title), number, number)
    return found


def _earlier(
    session: Session, made: Import, rows: Sequence[ImportRow], verdicts: Sequence[Verdict]
) -> dict[str, int]:
    """Rows of this file further up with the same innovation, by key."""
    keys = {k for v in verdicts if (k := _key(v))}
    query = select(ImportRow.key, ImportRow.row).where(
        ImportRow.import_id == made.id,
        ImportRow.key.in_(sorted(keys)),
        ImportRow.row < rows[0].row,
        ImportRow.status.in_(("ready", "done")),
    )
    found: dict[str, Any] = {}
    for key, number in session.execute(query.order_by(ImportRow.row)):
        found.setdefault(str(key), number)
    return found


def _key(verdict: Verdict) -> str | None:
    if verdict.agency is None or "title" not in verdict.document:
        return None
    return f"{verdict.agency.code}/{title_key(verdict.document['title']).whole}"[:300]


def _identify(verdict: Verdict, known: dict[int, _Known], earlier: dict[str, int]) -> None:
    """Say what a row repeats or continues: the same agency's innovation of the same name."""
    verdict.key = _key(verdict)
    if verdict.key is None or verdict.agency is None:
        return
    here, key = known[verdict.agency.id], title_key(verdict.document["title"])
    if key.whole in here.whole or verdict.key in earlier:
        name = here.whole.get(key.whole) or f"baris {earlier[verdict.key]}"
        verdict.duplicate_of = name
        verdict.say("title", "remark", f"Sudah ada: {name}. Baris ini dilewati.")
        return
    if key.base in here.base:
        verdict.version_of = here.base[key.base]
        which = f"“{key.version}”" if key.version else "tanpa nomor versi"
        verdict.say(
            "title", "remark", f"Versi lain ({which}) dari {here.titles[key.base]}; dicatat tersendiri."
        )
    elif len(key.base) >= LEAST_LETTERS:
        near = process.extractOne(key.base, list(here.titles), scorer=fuzz.ratio, score_cutoff=ALIKE)
        if near:
            verdict.say("title", "remark", f"Mirip dengan {here.titles[near[0]]}; periksa apakah sama.")
    if verdict.status == "ready":
        here.add(key, f"baris {verdict.row.row}", verdict)


def _contacts(session: Session, verdicts: Sequence[Verdict]) -> None:
    emails = {v.document["contact"] for v in verdicts if "contact" in v.document}
    known = set(session.scalars(select(User.email).where(User.email.in_(sorted(emails)), User.active)))
    for verdict in verdicts:
        if "contact" in verdict.document and verdict.document["contact"] not in known:
            message = "Belum ada akun dengan surel ini; penanggung jawab dapat ditetapkan kemudian."
            verdict.say("contact", "remark", message)
