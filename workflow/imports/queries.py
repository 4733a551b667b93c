"""What pages and the API show of imports."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.imports.columns import plain
from workflow.imports.rows import opened
from workflow.models import Agency, Case, Cohort, Import, ImportRow, User
from workflow.nip import Seal, without_nips

PAGE, LARGEST_PAGE = 50, 200
FILTERS = ("findings", "error", "duplicate", "remark", "done", "kept")


@dataclass(frozen=True)
class RowPage:
    """Rows with the numbers of their cases, and the row after which the next page begins; None at the end."""

    rows: Sequence[tuple[ImportRow, str | None]]
    next_cursor: int | None


def list_imports(session: Session, user: User, limit: int = 100) -> list[Import]:
    """The imports of the kinds that this person may bring in, newest first."""
    query = select(Import).where(Import.kind.in_(policy.import_kinds(user)))
    return list(session.scalars(query.order_by(Import.id.desc()).limit(limit)).unique())


def list_rows(
    session: Session, made: Import, show: str = "findings", cursor: int = 0, limit: int = PAGE
) -> RowPage:
    """Rows that something is to be said about, or those of one result, in the order of the file."""
    conditions = {
        "findings": or_(ImportRow.status.in_(("error", "duplicate", "kept")), ImportRow.remarked),
        "remark": ImportRow.remarked,
    }
    query = (
        select(ImportRow, Case.number)
        .outerjoin(Case, Case.id == ImportRow.case_id)
        .where(ImportRow.import_id == made.id, ImportRow.row > cursor)
        .where(conditions.get(show, ImportRow.status == show))
        .order_by(ImportRow.row)
        .limit(limit + 1)
    )
    rows = [(row, number) for row, number in session.execute(query)]
    return RowPage(rows[:limit], rows[limit - 1][0].row if len(rows) > limit else None)


def unknown_agencies(session: Session, made: Import, limit: int = 30) -> list[tuple[str, int]]:
    """Names in the file that no agency is known by, and in how many rows; most frequent first."""
    query = select(ImportRow.document).where(ImportRow.import_id == made.id, ImportRow.status == "error")
    at = made.headings[made.mapping["agency"]] if "agency" in made.mapping else ""
    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    found = session.execute(query.add_columns(ImportRow.findings))
    for document, said in found:
        wrong = any(f["level"] == "error" and f["heading"] == at for f in said)
        name = (document or {}).get("agency")
        if wrong and name:
            names.setdefault(plain(name), name)
            counts[plain(name)] = counts.get(plain(name), 0) + 1
    ranked = sorted(counts.items(), key=lambda item: -item[1])[:limit]
    return [(names[key], count) for key, count in ranked]


def samples(session: Session, made: Import, seal: Seal, count: int) -> list[list[str]]:
    """The first rows as they came, NIPs masked, to recognise columns by."""
    query = select(ImportRow.cells).where(ImportRow.import_id == made.id).order_by(ImportRow.row).limit(count)
    return [[without_nips(text) for text in opened(cells, seal)] for cells in session.scalars(query)]


def agencies(session: Session) -> list[Agency]:
    return list(session.scalars(select(Agency).order_by(Agency.name)))


def cohorts(session: Session) -> list[Cohort]:
    return list(session.scalars(select(Cohort).order_by(Cohort.year.desc(), Cohort.name)))
