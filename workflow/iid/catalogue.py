"""The catalogue of an award year as frozen objects."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

HIGHEST = 3


@dataclass(frozen=True)
class Basis:
    """One way to measure an indicator, with its three parameters."""

    key: str
    title: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """What the form asks for: the kind of upload, the types of file, and in words."""

    kind: str
    files: tuple[str, ...]
    text: str

    @property
    def link(self) -> bool:
        """Whether an address on the web may stand in for a file."""
        return "tautan" in self.files


@dataclass(frozen=True)
class Recorded:
    """What the system itself counts for an indicator, and how many each parameter takes.

    `years` are the first and last that count, relative to the award year; None where the source names none.
    """

    kind: str
    at_least: tuple[int, ...]
    years: tuple[int, int] | None = None

    def span(self, year: int) -> tuple[date, date] | None:
        """The days that count for an award year, both included."""
        if self.years is None:
            return None
        return date(year + self.years[0], 1, 1), date(year + self.years[1], 12, 31)

    def level(self, count: int) -> int:
        """The highest parameter that the count would reach."""
        return sum(count >= least for least in self.at_least)


@dataclass(frozen=True)
class Indicator:
    """One row of SID or SPD. Without a choice of basis, `bases` holds the only one, with an empty key."""

    number: str
    title: str
    weight: Decimal
    mandatory: bool
    bases: tuple[Basis, ...]
    variable: str | None
    help: str | None
    unmeasurable: bool
    in_force: bool
    uncertain: str | None
    proof: Proof | None
    recorded: Recorded | None = None

    @property
    def most(self) -> Decimal:
        return self.weight * HIGHEST

    def basis(self, key: str | None) -> Basis | None:
        return next((b for b in self.bases if b.key == (key or "")), None)

    def level_text(self, level: int, key: str | None) -> str:
        """The words of a parameter; empty for 0 and for a basis not yet chosen."""
        basis = self.basis(key)
        return basis.levels[level - 1] if basis and level else ""


@dataclass(frozen=True)
class Entry:
    """What an innovation must be to enter: tahapan, window relative to the year, words, times, local bar.

    Letters that prove something are dated from 1 January of `year + first_letter_year` on.
    """

    tahapan: str
    first_year: int
    last_year: int
    least_words: int
    at_most: int
    first_letter_year: int
    mature_from: Decimal


@dataclass(frozen=True)
class Category:
    """A category of the region, never of an innovation; it holds from `least` upwards."""

    key: str
    title: str
    least: Decimal


@dataclass(frozen=True)
class Region:
    """Constants of the region's score. `basic_affairs` is None where the source does not say."""

    least_divisor: int
    counted_at_most: int
    points_each: Decimal
    basic_affairs: int | None
    spd_at_most: Decimal
    total: Decimal
    categories: tuple[Category, ...]


@dataclass(frozen=True)
class Profile:
    """How the ministry's profil inovasi of the year differs from our form.

    `not_asked` are fields of ours that it lacks, `also_asked` its fields that ours lacks, in words.
    """

    not_asked: tuple[str, ...]
    also_asked: tuple[str, ...]
    joined: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """Everything one award year is scored by, and what its sources leave open."""

    year: int
    basis: str
    trust: str
    uncertain: tuple[str, ...]
    entry: Entry
    profile: Profile
    region: Region
    sid: tuple[Indicator, ...]
    spd: tuple[Indicator, ...]

    @cached_property
    def by_number(self) -> Mapping[str, Indicator]:
        return {i.number: i for i in self.sid}

    @cached_property
    def most(self) -> Decimal:
        """The highest maturity there is."""
        return sum((i.most for i in self.sid), Decimal(0))


def years() -> list[int]:
    """The award years that have a catalogue, oldest first."""
    names = (entry.name for entry in files("workflow.catalogues").iterdir())
    return sorted(int(n.removesuffix(".toml")) for n in names if n.removesuffix(".toml").isdigit())


def catalogue_for(year: int) -> "Catalogue":
    """The catalogue that scores a year: its own, else the newest before it, else the oldest there is."""
    known = years()
    return catalogue(max((y for y in known if y <= year), default=known[0]))


def borrowed(year: int) -> str | None:
    """What has to be said where a year has no catalogue of its own."""
    used = catalogue_for(year).year
    return None if used == year else f"IGA {year} memakai katalog {used}."


@cache
def catalogue(year: int) -> Catalogue:
    """The shipped catalogue of exactly that year. Raises FileNotFoundError where there is none."""
    raw = raw_catalogue(year)
    return Catalogue(
        year=raw["year"],
        basis=raw["basis"],
        trust=raw["trust"],
        uncertain=tuple(raw["uncertain"]),
        entry=Entry(**raw["entry"] | {"mature_from": Decimal(raw["entry"]["mature_from"])}),
        profile=Profile(**{name: tuple(said) for name, said in raw["profile"].items()}),
        region=_region(raw["region"]),
        sid=tuple(_indicator(i) for i in raw["sid"]),
        spd=tuple(_indicator(i) for i in raw.get("spd", ())),
    )


def raw_catalogue(year: int) -> dict[str, Any]:
    """The parsed file, as its schema sees it; numbers with a point are Decimal."""
    text = (files("workflow.catalogues") / f"{year}.toml").read_text("utf-8")
    return tomllib.loads(text, parse_float=Decimal)


def _region(raw: dict[str, Any]) -> Region:
    categories = (Category(c["key"], c["title"], Decimal(c["from"])) for c in raw["categories"])
    return Region(
        least_divisor=raw["least_divisor"],
        counted_at_most=raw["counted_at_most"],
        points_each=Decimal(raw["points_each"]),
        basic_affairs=raw.get("basic_affairs"),
        spd_at_most=Decimal(raw["spd_at_most"]),
        total=Decimal(raw["total"]),
        categories=tuple(categories),
    )


def _indicator(raw: dict[str, Any]) -> Indicator:
    bases = raw.get("bases") or [{"key": "", "title": "", "levels": raw["levels"]}]
    proof = raw.get("evidence")
    return Indicator(
        number=raw["number"],
        title=raw["title"],
        weight=Decimal(raw["weight"]),
        mandatory=raw["mandatory"],
        bases=tuple(Basis(b["key"], b["title"], tuple(b["levels"])) for b in bases),
        variable=raw.get("variable"),
        help=raw.get("help"),
        unmeasurable=raw.get("unmeasurable", False),
        in_force=raw.get("in_force", False),
        uncertain=raw.get("uncertain"),
        proof=Proof(proof["kind"], tuple(proof["files"]), proof["text"]) if proof else None,
        recorded=_recorded(raw.get("recorded")),
    )


def _recorded(raw: dict[str, Any] | None) -> Recorded | None:
    if raw is None:
        return None
    years = raw.get("years")
    return Recorded(raw["as"], tuple(raw["at_least"]), (years[0], years[1]) if years else None)
