"""A row of a file as a document of its schema, with everything that is wrong or was tolerated."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from workflow import validation
from workflow.imports import cells
from workflow.imports.columns import Column, columns, letter
from workflow.models import Agency, Import, ImportRow
from workflow.nip import Seal, find_nip, without_nips

SHOWN = 120


@dataclass
class Verdict:
    """What became of one row. `duplicate_of` names what it repeats, `version_of` what it continues."""

    row: ImportRow
    document: dict[str, str]
    findings: list[dict[str, Any]]
    raw: dict[str, str]
    places: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    key: str | None = None
    agency: Agency | None = None
    duplicate_of: str | None = None
    version_of: "str | Verdict | None" = None

    def say(self, name: str, level: Literal["error", "remark"], message: str) -> None:
        """Add a finding at a field."""
        column, heading, value = self.places.get(name, ("", "", ""))
        self.findings.append(
            {"column": column, "heading": heading, "value": value, "level": level, "message": message}
        )

    def blames(self, name: str) -> bool:
        """Whether an error was found at a field already."""
        place = self.places.get(name, ("", "", ""))[0]
        return any(f["level"] == "error" and f["column"] == place for f in self.findings)

    @property
    def status(self) -> str:
        if any(f["level"] == "error" for f in self.findings):
            return "error"
        return "duplicate" if self.duplicate_of else "ready"


def sealed(texts: Sequence[str], seal: Seal) -> list[Any]:
    """Cells as they are stored: whatever holds a NIP is sealed, in whichever column it stands."""
    return [{"sealed": seal.seal(text)} if find_nip(text) else text for text in texts]


def opened(stored: Sequence[Any], seal: Seal) -> list[str]:
    """The texts again."""
    return [text if isinstance(text, str) else seal.open(text["sealed"]) or "" for text in stored]


def read_row(made: Import, row: ImportRow, seal: Seal, today: date) -> Verdict:
    """Read every mapped cell. Unreadable ones are errors, or remarks where the column is lenient."""
    texts = opened(row.cells, seal)
    verdict = Verdict(row, {}, [], raw_of(made.headings, texts), _places(made, texts))
    for column in columns(made.kind):
        at = made.mapping.get(column.name)
        if at is not None:
            _take(verdict, column, texts[at] if at < len(texts) else "", seal, today)
    for problem in validation.problems(made.kind, verdict.document):
        name = problem.pointer.strip("/").partition("/")[0]
        if not verdict.blames(name):
            verdict.say(name, "error", problem.message)
    return verdict


def raw_of(headings: Sequence[str], texts: Sequence[str]) -> dict[str, str]:
    """The row by its headings, NIPs masked, for the record."""
    names = [h or f"Kolom {letter(at)}" for at, h in enumerate(headings)]
    named = [n if names.count(n) == 1 else f"{n} ({letter(at)})" for at, n in enumerate(names)]
    return {name: without_nips(text) for name, text in zip(named, texts, strict=False) if text}


def _places(made: Import, texts: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    return {
        name: (letter(at), made.headings[at], without_nips(texts[at])[:SHOWN] if at < len(texts) else "")
        for name, at in made.mapping.items()
    }


def _take(verdict: Verdict, column: Column, text: str, seal: Seal, today: date) -> None:
    found = cells.read(column, text, today)
    if found.value is not None:
        is_nip = column.cell == "nip"
        verdict.document[column.name] = seal.seal(found.value) if is_nip else without_nips(found.value)
    if found.complaint:
        tolerated = column.lenient or found.value is not None
        verdict.say(column.name, "remark" if tolerated else "error", found.complaint)
