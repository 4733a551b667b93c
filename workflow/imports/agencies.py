"""Which agency a name in a table means: by name, short name, code or alias, else by likeness."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.imports.columns import plain
from workflow.models import Agency

SAME_ENOUGH, WORTH_NAMING = 91, 55
SHORT_FORMS = {
    "kec": "kecamatan", "kel": "kelurahan", "bag": "bagian", "pkm": "puskesmas", "pusk": "puskesmas",
    "upt": "", "uptd": "", "kab": "", "kabupaten": "", "sragen": "", "setda": "", "sekretariat daerah": "",
    "dinkes": "dinas kesehatan", "admin": "administrasi", "dan": "", "i": "1", "ii": "2", "iii": "3",
}  # fmt: skip


@dataclass(frozen=True)
class Match:
    """What a name was taken for: exactly, or only because nothing else is as like it."""

    code: str | None
    exact: bool
    like: tuple[str, ...] = ()


class AgencyIndex:
    """Every agency under all its names; `chosen` are names that a person has settled for this import."""

    def __init__(self, session: Session, chosen: Mapping[str, str]) -> None:
        self.by_code: dict[str, Agency] = {}
        self._names: dict[str, str] = {}
        for agency in session.scalars(select(Agency).order_by(Agency.id)):
            self.by_code[agency.code] = agency
            for name in (agency.name, agency.short_name, agency.code, *agency.aliases):
                self._names.setdefault(reduced(name), agency.code)
        self._chosen = {plain(name): code for name, code in chosen.items()}
        self._seen: dict[str, Match] = {}

    def match(self, name: str) -> Match:
        if name not in self._seen:
            self._seen[name] = self._match(name)
        return self._seen[name]

    def _match(self, name: str) -> Match:
        settled = self._chosen.get(plain(name)) or self._names.get(reduced(name))
        if settled:
            return Match(settled, exact=True)
        found = process.extract(reduced(name), list(self._names), scorer=fuzz.token_sort_ratio, limit=8)
        codes = dict.fromkeys(self._names[alias] for alias, score, _ in found if score >= WORTH_NAMING)
        first = found[0] if found else ("", 0.0, 0)
        sure = first[1] >= SAME_ENOUGH and _digits(first[0]) == _digits(reduced(name))
        like = tuple(self.by_code[code].name for code in list(codes)[:3])
        return Match(self._names[first[0]] if sure else None, exact=False, like=like)


def reduced(name: str) -> str:
    """A name without what differs from writer to writer: dots, case, “Kabupaten Sragen”, short forms."""
    words = plain(re.sub(r"\b(kec|kel|bag|pusk|kab)\.", r"\1 ", name.casefold())).split()
    kept = " ".join(filter(None, (SHORT_FORMS.get(word, word) for word in words)))
    return kept or plain(name)


def _digits(text: str) -> list[str]:
    """Puskesmas Tanon 1 is not Puskesmas Tanon 2, however alike."""
    return re.findall(r"\d+", text)
