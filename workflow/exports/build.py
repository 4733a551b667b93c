"""The work itself, an entry at a time: the file is made first, outside of any transaction, then noted.

A killed worker leaves at most a file that the next attempt writes again, byte for byte the same.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.dates import decimal
from workflow.db import Database
from workflow.definition import process
from workflow.depot import depot_of
from workflow.exports import document, orders, package, sheets
from workflow.exports.package import Incomplete, Made
from workflow.iid import years
from workflow.iid.catalogue import borrowed, catalogue_for
from workflow.iid.whatif import CLAIMED, VERIFIED, Entrant, suppose
from workflow.models import Case, Export, ExportPart, User
from workflow.quarantine import Quarantined, require_clean
from workflow.settings import Settings

PARTS = "parts"
EMPTY_YEAR = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Built:
    """What a job made before its transaction: a part, the whole, or why there can be none."""

    part_id: int | None = None
    version: int | None = None
    file: Made | None = None
    fault: str | None = None


def ahead(database: Database, settings: Settings, export_id: int, handler: str) -> Built:
    """Make the file that a job stands for; nothing where the package is no longer wanted."""
    with database.snapshot() as session:
        made = session.get_one(Export, export_id)
        if made.state != "building" or handler == orders.CLEAR:
            return Built()
        try:
            return (
                _whole(session, settings, made) if handler == orders.WHOLE else _part(session, settings, made)
            )
        except (Incomplete, Quarantined) as fault:
            return Built(fault=str(fault))


def note(session: Session, settings: Settings, export_id: int, built: Built, now: datetime) -> None:
    """Write down what was made and owe what comes next; clear away what nobody wants any more."""
    query = select(Export).where(Export.id == export_id).with_for_update(of=Export)
    made = session.scalars(query.execution_options(populate_existing=True)).unique().one()
    if made.state != "building":
        tidy(settings, made)
        return
    if built.fault is not None:
        made.state, made.fault, made.finished_at = "failed", built.fault, now
        orders.work(session, made, orders.CLEAR, now)
    elif built.part_id is not None and built.file is not None:
        part = session.get_one(ExportPart, built.part_id)
        part.version, part.size, part.sha256 = built.version, built.file.size, built.file.sha256
        if made.case_id is not None:
            _finish(made, built.file, now)
        else:
            session.flush()
            orders.work(session, made, orders.PART if _next(session, made) else orders.WHOLE, now)
    elif built.file is not None:
        _finish(made, built.file, now)
        orders.work(session, made, orders.CLEAR, now)


def tidy(settings: Settings, made: Export) -> None:
    """Remove what a package no longer needs: its parts once it is whole, all of it where it is unwanted."""
    folder = orders.folder(made)
    depot_of(settings).clear(f"{folder}/{PARTS}" if made.state == "done" else folder)


def _finish(made: Export, file: Made, now: datetime) -> None:
    made.state, made.finished_at, made.expires_at = "done", now, now + orders.KEPT
    made.size, made.sha256, made.contents = file.size, file.sha256, file.contents


def _next(session: Session, made: Export) -> ExportPart | None:
    query = select(ExportPart).where(ExportPart.export_id == made.id, ExportPart.sha256.is_(None))
    return session.scalars(query.order_by(ExportPart.id).limit(1)).first()


def _part(session: Session, settings: Settings, made: Export) -> Built:
    part = _next(session, made)
    if part is None:
        return Built()
    case = session.get_one(Case, part.case_id)
    read = document.read(session, case)
    name = orders.file_of(made) if made.case_id else _part_name(made, case.number)
    for _number, _title, files, _link in read.evidence:
        for proof in files:
            require_clean(session, settings, proof.sha256)
    file = package.write_entry(read, depot_of(settings), name)
    return Built(part.id, case.version, file)


def _whole(session: Session, settings: Settings, made: Export) -> Built:
    query = (
        select(Case.number, ExportPart.sha256)
        .join(Case, Case.id == ExportPart.case_id)
        .where(ExportPart.export_id == made.id)
        .order_by(Case.number)
    )
    found = session.execute(query)
    parts = [package.Part(f"entri/{n}.zip", _part_name(made, n), sha256 or "") for n, sha256 in found]
    body = recap(session, _owner(session, made), made.year)
    file = package.write_year(made.year, body, parts, depot_of(settings), orders.file_of(made))
    return Built(file=file)


def _part_name(made: Export, number: str) -> str:
    return f"{orders.folder(made)}/{PARTS}/{number}.zip"


def _owner(session: Session, made: Export) -> User | None:
    return session.get(User, made.created_by) if made.created_by else None


def recap(session: Session, user: User | None, year: int) -> bytes:
    """The recap of a year, over the entries that this person may see."""
    entries = orders.of_year(session, user, year)
    at = max((e.case.updated_at for e in entries), default=EMPTY_YEAR)
    return sheets.recap(year, at, [recap_row(e) for e in entries], _sums(session, year, entries))


def recap_row(entrant: Entrant) -> sheets.RecapRow:
    case, found = entrant.case, entrant.standing
    return sheets.RecapRow(
        number=case.number,
        title=case.title,
        agency=case.agency.name,
        category=case.category,
        affair=entrant.affair,
        state=process(case.process).states[case.state].title.id,
        register_number=document.register_number(case),
        claimed=found.maturity.claimed,
        verified=found.maturity.verified,
        ministry=document.ministry_score(case),
        award=document.award(case),
        lacking=[r.message for r in found.requirements if not r.met],
    )


def _sums(session: Session, year: int, entries: list[Entrant]) -> list[tuple[str, str]]:
    """How the index comes about, by claim and as verified."""
    catalogue = catalogue_for(year)
    spd = years.spd(session, year)
    lines = [
        ("Katalog", borrowed(year) or f"Katalog {catalogue.year}"),
        ("Nilai SPD", "Belum dicatat, dihitung 0" if spd is None else decimal(spd)),
    ]
    for basis in (CLAIMED, VERIFIED):
        found = suppose(catalogue, spd or Decimal(0), entries, basis).index
        lines += [
            (f"Jumlah entri ({basis})", str(found.entries)),
            (f"Pembagi ({basis})", str(found.divisor)),
            (f"Rata-rata kematangan ({basis})", decimal(found.average)),
            (f"Skor jumlah ({basis})", decimal(found.count_score)),
            (f"IID ({basis})", decimal(found.iid)),
            (f"Kategori daerah ({basis})", found.category.title),
        ]
    return [*lines, ("Catatan", document.UNOFFICIAL), *(("Catatan", note) for note in catalogue.uncertain)]
