"""One cell of a table as the value its column asks for, or what is wrong with it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from rapidfuzz import fuzz, process

from workflow.imports.columns import Column, plain
from workflow.nip import ROUNDED, find_nip
from workflow.validation import EMAIL

NOTHING = "-|–|—|--|.|?|n/a|na|null|none|tidak ada|nihil|belum|belum ada"
BROKEN = frozenset({"#n/a", "#ref!", "#value!", "invalid date", "0000-00-00"})
EMPTY = BROKEN | frozenset(("", *NOTHING.split("|")))
MONTHS = ("jan", "feb", "mar", "apr", "mei", "jun", "jul", "agu", "sep", "okt", "nov", "des")
ENGLISH = {"may": 5, "aug": 8, "oct": 10, "dec": 12, "ags": 8, "agt": 8, "nop": 11, "peb": 2}
FIRST_YEAR, EPOCH = 2000, date(1899, 12, 30)
SERIALS = range(36_526, 55_000)
CLOSE = 88


@dataclass(frozen=True)
class Read:
    """The value, or what is wrong; both where a value could be made out that a person should look at."""

    value: str | None
    complaint: str | None = None


def read(column: Column, text: str, today: date) -> Read:
    """The value of a cell; None for an empty one."""
    text = " ".join(text.split()) if column.longest <= 300 else text.strip()  # noqa: PLR2004
    if text.casefold() in EMPTY:
        said = f"“{text}” bukan nilai; dibaca sebagai kosong." if text.casefold() in BROKEN else None
        return Read(None, said)
    return READERS.get(column.cell, _text)(column, text, today)


def _text(column: Column, text: str, _today: date) -> Read:
    if len(text) > column.longest:
        return Read(None, f"{len(text)} huruf, paling banyak {column.longest}. Ringkas isinya.")
    return Read(text)


def _choice(column: Column, text: str, _today: date) -> Read:
    names = {plain(choice): choice for choice in column.choices}
    names |= {plain(word): choice for choice, words in column.synonyms.items() for word in words}
    wanted = plain(text)
    if wanted in names:
        return Read(names[wanted])
    best = process.extractOne(wanted, list(names), scorer=fuzz.ratio, score_cutoff=CLOSE)
    if best:
        return Read(names[best[0]], f"“{text}” dibaca sebagai “{names[best[0]]}”.")
    return Read(None, f"Pilih salah satu: {', '.join(column.choices)}.")


def _date(_column: Column, text: str, today: date) -> Read:
    found = parse_date(text)
    if found is None:
        return Read(None, "Tanggal tidak terbaca. Tulis seperti 05/03/2021 atau 5 Maret 2021.")
    if not date(FIRST_YEAR, 1, 1) <= found <= today.replace(year=today.year + 1, day=1):
        return Read(None, f"Tahun {found.year} di luar jangkauan. Periksa tahunnya.")
    return Read(found.isoformat())


def parse_date(text: str) -> date | None:
    """A day as Indonesian offices write it: 5 Maret 2021, 05/03/2021, 2021-03-05, Maret 2021, 44260."""
    words = text.casefold().replace(",", " ")
    iso = re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ t].*)?$", words)
    if iso:
        return _day(int(iso[1]), int(iso[2]), int(iso[3]))
    local = re.match(
        r"(?:[a-z']+\s+)?(\d{1,2})\s*[-/. ]\s*(\d{1,2}|[a-z]+)\.?\s*[-/. ]\s*(\d{4}|\d{2})$", words
    )
    if local:
        year = int(local[3]) + (2000 if len(local[3]) == 2 else 0)  # noqa: PLR2004
        return _day(year, _month(local[2]), int(local[1]))
    month = re.match(r"([a-z]+)\.?\s+(\d{4})$", words)
    if month:
        return _day(int(month[2]), _month(month[1]), 1)
    if re.fullmatch(r"\d{5}", words) and int(words) in SERIALS:
        return EPOCH + timedelta(days=int(words))
    return None


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    start = text[:3]
    return MONTHS.index(start) + 1 if start in MONTHS else ENGLISH.get(start, 0)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year(_column: Column, text: str, today: date) -> Read:
    found = re.search(r"(?<!\d)(20\d\d)(?!\d)", text)
    if found is None or int(found[1]) > today.year:
        return Read(None, "Tahun tidak terbaca. Tulis empat angka, misalnya 2021.")
    return Read(found[1])


def _email(_column: Column, text: str, _today: date) -> Read:
    address = re.sub(r"^mailto:", "", text, flags=re.IGNORECASE).strip(" <>;,").lower()
    if not EMAIL.fullmatch(address):
        return Read(None, "Bukan alamat surel. Tulis seperti nama@sragenkab.go.id.")
    return Read(address)


def _nip(_column: Column, text: str, _today: date) -> Read:
    if ROUNDED.search(re.sub(r"[\s']", "", text)):
        return Read(None, "NIP dibulatkan oleh lembar kerja. Ubah kolomnya menjadi teks, lalu ketik ulang.")
    found = find_nip(text)
    return Read(found) if found else Read(None, "NIP harus 18 angka.")


READERS: dict[str, Callable[[Column, str, date], Read]] = {
    "choice": _choice,
    "date": _date,
    "email": _email,
    "nip": _nip,
    "year": _year,
}
