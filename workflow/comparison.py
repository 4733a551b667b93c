"""Two versions of a text, word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from workflow.models import Case
from workflow.prefill import prefilled
from workflow.validation import label

PIECES = re.compile(r"\s+|\S+")
NOTE = "adaptation_note"


@dataclass(frozen=True)
class Part:
    """One field of a document against the original: pieces as (kept|added|removed, text)."""

    title: str
    pieces: list[tuple[str, str]]

    @property
    def changed(self) -> bool:
        return any(kind != "kept" for kind, _text in self.pieces)


def adaptation(case: Case, locale: str) -> list[Part]:
    """An adoption's adaptation note against the case that it was taken from; nothing before it is written."""
    note = case.forms.get(NOTE)
    if note is None or case.parent is None:
        return []
    original = prefilled(NOTE, case.parent.forms)
    compared = [key for key in ("objective", "method", "benefits") if key in note]
    return [
        Part(label(NOTE, [key], locale), list(pieces(_text(original.get(key)), note[key])))
        for key in compared
    ]


def pieces(before: str, after: str) -> Iterator[tuple[str, str]]:
    """The text after, with what was added, and what was removed where it stood."""
    old, new = PIECES.findall(before), PIECES.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield "kept", "".join(new[j1:j2])
            continue
        if i1 < i2:
            yield "removed", "".join(old[i1:i2])
        if j1 < j2:
            yield "added", "".join(new[j1:j2])


def _text(value: Any) -> str:  # noqa: ANN401 - a form may hold anything
    return value if isinstance(value, str) else ""
