"""What columns an import has, by its schema; and which column of a foreign table is which."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from rapidfuzz import fuzz, process

from workflow import validation
from workflow.db import canonical
from workflow.errors import Problem

KINDS = ("cohort", "registry")
LIKE_ENOUGH = 84
PLAIN = re.compile(r"[^\w]+")


@dataclass(frozen=True)
class Column:
    """One property of the schema. `cell` says how its text is read; a lenient one may be unreadable."""

    name: str
    title: str
    help: str
    cell: str
    required: bool
    lenient: bool
    aliases: tuple[str, ...]
    choices: tuple[str, ...]
    synonyms: Mapping[str, Sequence[str]]
    example: str
    longest: int


@cache
def columns(kind: str) -> tuple[Column, ...]:
    """The columns of a kind in their order. Raises KeyError for an unknown kind."""
    if kind not in KINDS:
        raise KeyError(kind)
    found = validation.schema(kind)
    return tuple(
        _column(name, node, required=name in found["required"]) for name, node in found["properties"].items()
    )


def _column(name: str, node: Mapping[str, Any], *, required: bool) -> Column:
    about = node["x-column"]
    return Column(
        name=name,
        title=node["title"],
        help=node["description"],
        cell=about["cell"],
        required=required,
        lenient=about.get("lenient", False),
        aliases=tuple(about["aliases"]),
        choices=tuple(node.get("enum", ())),
        synonyms=about.get("synonyms", {}),
        example=next(iter(node.get("examples", [])), ""),
        longest=node.get("maxLength", 200),
    )


def plain(text: str) -> str:
    """A heading or name reduced to what matters when comparing."""
    return PLAIN.sub(" ", text.casefold().replace("_", " ")).strip()


@cache
def _names(kind: str) -> Mapping[str, str]:
    """Every name under which a column is known, plain, and the column it stands for."""
    found = {plain(alias): c.name for c in columns(kind) for alias in c.aliases}
    return (
        found
        | {plain(c.title): c.name for c in columns(kind)}
        | {plain(c.name): c.name for c in columns(kind)}
    )


def recognised(headings: Sequence[str]) -> int:
    """How many of these are known names of any kind's columns."""
    return max(sum(plain(h) in _names(kind) for h in headings if h) for kind in KINDS)


def likely_kind(headings: Sequence[str]) -> str:
    """The kind whose columns a table resembles most."""
    return max(KINDS, key=lambda kind: len(guess(kind, headings)))


def guess(kind: str, headings: Sequence[str]) -> dict[str, int]:
    """Which column stands where: exact names first, then similar ones; each side is used once."""
    known, found = _names(kind), dict[str, int]()
    for at, heading in enumerate(headings):
        name = known.get(plain(heading))
        if name and name not in found:
            found[name] = at
    for at, heading in enumerate(headings):
        if at not in found.values() and plain(heading):
            free = [alias for alias, name in known.items() if name not in found]
            best = process.extractOne(
                plain(heading), free, scorer=fuzz.token_sort_ratio, score_cutoff=LIKE_ENOUGH
            )
            if best:
                found[known[best[0]]] = at
    return found


def heading_set(headings: Sequence[str]) -> str:
    """What a set of headings is remembered by."""
    return hashlib.sha256(canonical([plain(h) for h in headings]).encode()).hexdigest()


def mapping_problems(kind: str, mapping: Mapping[str, int], width: int) -> list[Problem]:
    """What is wrong with a choice of columns: unknown, outside, used twice, or required and missing."""
    titles = {c.name: c.title for c in columns(kind)}
    found = [
        Problem(f"/mapping/{name}", "Kolom ini tidak dikenal.") for name in mapping if name not in titles
    ]
    for name, at in mapping.items():
        if name in titles and not 0 <= at < width:
            found.append(Problem(f"/mapping/{name}", f"Berkas hanya memiliki {width} kolom."))
        if name in titles and list(mapping.values()).count(at) > 1:
            message = f"Kolom {letter(at)} dipilih lebih dari sekali; pilih satu saja untuk “{titles[name]}”."
            found.append(Problem(f"/mapping/{name}", message))
    found += [
        Problem(f"/mapping/{c.name}", f"Pilih kolom untuk “{c.title}”; kolom ini wajib ada.")
        for c in columns(kind)
        if c.required and c.name not in mapping
    ]
    return found


def letter(at: int) -> str:
    """A, B … Z, AA: the column as the spreadsheet calls it."""
    text = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        text = chr(65 + rest) + text
    return text
