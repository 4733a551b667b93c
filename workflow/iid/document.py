"""A region's year as a document: checked whole, scored, reported."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from workflow import validation
from workflow.errors import Invalid, Problem
from workflow.iid.catalogue import Catalogue, borrowed, catalogue_for
from workflow.iid.maturity import score, two_places
from workflow.iid.region import index

SCHEMA = "region_year"


def score_document(document: object) -> dict[str, Any]:
    """`{entries: [{maturity}], average, count_score, iid, category}` and what else led there.

    Raises Invalid with every problem of the document at once, each with its pointer.
    """
    faults = validation.problems(SCHEMA, document) + list(_beyond_schema(document))
    if faults or not isinstance(document, dict):
        raise Invalid(faults)
    catalogue = catalogue_for(document["year"])
    maturities = [_maturity(catalogue, entry) for entry in document["entries"]]
    found = index(catalogue, _decimal(document["spd"]), document["yandas"], maturities)
    return {
        "year": document["year"],
        "catalogue": catalogue.year,
        "entries": [
            {key: entry[key] for key in ("name",) if key in entry} | {"maturity": float(two_places(m))}
            for entry, m in zip(document["entries"], maturities, strict=True)
        ],
        "n": found.entries,
        "divisor": found.divisor,
        "spd": float(found.spd),
        "average": float(found.average),
        "count_score": float(found.count_score),
        "iid": float(found.iid),
        "category": found.category.title,
        "notes": [*filter(None, [borrowed(document["year"])]), *catalogue.uncertain],
    }


def _maturity(catalogue: Catalogue, entry: Mapping[str, Any]) -> Decimal:
    return score(catalogue, entry["levels"]) if "levels" in entry else _decimal(entry["maturity"])


def _decimal(number: float) -> Decimal:
    return Decimal(str(number))


def _beyond_schema(document: object) -> Iterator[Problem]:
    """What only the catalogue knows; looks as far as the document has the shape to."""
    if not isinstance(document, dict):
        return
    year, entries = document.get("year"), document.get("entries")
    catalogue = catalogue_for(year) if isinstance(year, int) else None
    if catalogue is not None:
        yield from _too_high("/spd", "Nilai SPD", document.get("spd"), catalogue.region.spd_at_most)
    for position, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield from _entry_faults(f"/entries/{position}", entry, catalogue)


def _entry_faults(pointer: str, entry: dict[str, Any], catalogue: Catalogue | None) -> Iterator[Problem]:
    if ("levels" in entry) == ("maturity" in entry):
        yield Problem(pointer, "Isi salah satu: “levels” atau “maturity”.")
    if catalogue is None:
        return
    yield from _too_high(f"{pointer}/maturity", "Skor kematangan", entry.get("maturity"), catalogue.most)
    levels = entry.get("levels")
    for number in levels if isinstance(levels, dict) else ():
        if number not in catalogue.by_number:
            known = f"{catalogue.sid[0].number}–{catalogue.sid[-1].number}"
            message = f"Indikator {number[:20]} tidak ada pada katalog {catalogue.year}; nomornya {known}."
            yield Problem(f"{pointer}/levels/{validation.escape(number)}", message)


def _too_high(pointer: str, title: str, value: object, most: Decimal) -> Iterator[Problem]:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > most:
        yield Problem(pointer, f"{title} paling tinggi {most}.")
