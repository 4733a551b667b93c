"""How the public reaches an agency: the office's address, telephone and mailbox, never a person's."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.errors import Invalid, Problem
from workflow.imports.agencies import AgencyIndex
from workflow.logs import clean
from workflow.models import Agency, User
from workflow.validation import require

FORM = "agency_contact"
PARTS = ("address", "phone", "email")
HEADS = ("Kode", "Perangkat daerah", "Alamat", "Telepon", "Pos-el")
COLUMNS = dict(zip(map(str.casefold, HEADS), ("code", "agency", *PARTS), strict=True))
MOST_PROBLEMS = 20

Rows = Sequence[tuple[int, Sequence[str]]]


def set_contact(session: Session, agency: Agency, contact: Mapping[str, str], locale: str = "id") -> None:
    """Replace an agency's contact; an empty part is none. Raises Invalid."""
    agency.contact = _checked(session, contact, locale)


def table(session: Session) -> list[list[str]]:
    """Every agency with its contact, in the columns that `load` reads."""
    agencies = session.scalars(select(Agency).order_by(Agency.path))
    return [list(HEADS), *([a.code, a.name, *(a.contact.get(key, "") for key in PARTS)] for a in agencies)]


def load(session: Session, headings: Sequence[str], rows: Rows) -> int:
    """Take over the contacts of a table, all or none; how many agencies they are. Raises Invalid.

    An agency is known by its code or else by any of its names; rows without any contact are passed over.
    """
    places = _places(headings)
    index, problems, seen = AgencyIndex(session, {}), list[Problem](), dict[str, int]()
    for number, cells in rows:
        row = {name: cells[at].strip() if at < len(cells) else "" for name, at in places.items()}
        contact = {key: _plain(row.get(key, "")) for key in PARTS}
        if any(contact.values()):
            problems += _take(session, index, seen, number, row, contact)
    if problems:
        raise Invalid(problems[:MOST_PROBLEMS])
    return len(seen)


def _take(
    session: Session,
    index: AgencyIndex,
    seen: dict[str, int],
    number: int,
    row: Mapping[str, str],
    contact: Mapping[str, str],
) -> list[Problem]:
    """Take over one row; what is wrong with it."""
    code = _agency(index, row)
    if code is None or code in seen:
        return [_row_problem(number, row, seen.get(code or ""))]
    seen[code] = number
    try:
        set_contact(session, index.by_code[code], contact)
    except Invalid as refusal:
        return [Problem("/file", f"Baris {number}: {p.message}") for p in refusal.problems]
    return []


def _checked(session: Session, contact: Mapping[str, str], locale: str) -> dict[str, str]:
    kept = {key: " ".join(contact.get(key, "").split()) for key in PARTS}
    kept = {key: text for key, text in kept.items() if text}
    require(FORM, kept, locale)
    problems = []
    if clean(kept.get("address", "")) != kept.get("address", ""):
        problems.append(Problem("/address", "Alamat memuat NIP atau pos-el; tulis alamat kantornya saja."))
    email = kept.get("email", "").lower()
    if email and session.scalar(select(User.id).where(User.email == email)) is not None:
        text = f"{email} adalah surel seorang pegawai; pakai kotak surat kantor."
        problems.append(Problem("/email", text))
    if problems:
        raise Invalid(problems)
    return kept


def _places(headings: Sequence[str]) -> dict[str, int]:
    heads = [heading.casefold() for heading in headings]
    places = {name: heads.index(head) for head, name in COLUMNS.items() if head in heads}
    if not {"code", "agency"} & places.keys() or not set(PARTS) & places.keys():
        raise Invalid([Problem("/file", f"Baris pertama harus memuat kolom {', '.join(HEADS)}.")])
    return places


def _agency(index: AgencyIndex, row: Mapping[str, str]) -> str | None:
    if row.get("code", "") in index.by_code:
        return row["code"]
    found = index.match(row["agency"]) if row.get("agency") else None
    return found.code if found and found.exact else None


def _row_problem(number: int, row: Mapping[str, str], earlier: int | None) -> Problem:
    name = row.get("agency") or row.get("code") or "tanpa nama"
    if earlier is not None:
        return Problem("/file", f"Baris {number}: {name} sudah ada pada baris {earlier}.")
    return Problem("/file", f"Baris {number}: perangkat daerah “{name[:80]}” tidak dikenal; pakai kodenya.")


def _plain(text: str) -> str:
    """Without the mark that keeps a telephone number from being a formula."""
    return text.removeprefix("'")
