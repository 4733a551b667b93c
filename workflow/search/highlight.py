"""Why a case was found: its title, and a piece of its text, with the hits marked."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from workflow.search.terms import LEAST_BEGUN, Term
from workflow.search.words import SPELT, WORD, plain, spellings, stem

Parts = list[tuple[str, bool]]
"""Pieces of a text in order, each with whether it is a hit."""
AROUND = 70
LONG_WORD = 15  # letters, with what stands between words


class Marker:
    """Marks what the terms of one question hit."""

    def __init__(self, terms: Sequence[Term], *, relaxed: bool) -> None:
        self._stems = {word for term in terms for run in term.runs for word in run}
        self._begun = tuple(w for t in terms for w in t.begun if len(w) >= LEAST_BEGUN) if relaxed else ()
        self._near = {word for term in terms for word in term.near} if relaxed else set()

    def marked(self, text: str) -> Parts:
        spans = [m.span() for m in WORD.finditer(plain(text)) if self._hits(m.group())]
        return _parts(text, spans)

    def snippet(self, text: str, body: str) -> Parts:
        """A piece around the first hit; nothing where there is none. `body` has a stem for each word."""
        at = self._first(f" {body} ")
        hit = _word(text, at) if at is not None else None
        return self.marked(_cut(text, hit)) if hit else []

    def _first(self, body: str) -> int | None:
        """Which word of the body is the first hit."""
        places = [place for word in self._stems if (place := body.find(f" {word} ")) >= 0]
        return body.count(" ", 0, min(places)) if places else None

    def _hits(self, word: str) -> bool:
        if stem(word) in self._stems or word.startswith(self._begun or "\0"):
            return True
        return bool(self._near) and not self._near.isdisjoint(spellings(word) or [SPELT + word])


def _word(text: str, at: int) -> re.Match[str] | None:
    """The word of this place, looked for in a beginning of the text that nearly always holds it."""
    for part in (text[: (at + 1) * LONG_WORD], text):
        found = next(islice(WORD.finditer(plain(part)), at, None), None)
        if found is not None and (part is text or found.end() < len(part)):
            return found
    return None


def _cut(text: str, hit: re.Match[str]) -> str:
    start = text.rfind(" ", 0, max(hit.start() - AROUND, 0)) + 1
    end = text.find(" ", hit.end() + AROUND)
    end = len(text) if end < 0 else end
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def _parts(text: str, spans: Iterable[tuple[int, int]]) -> Parts:
    found: Parts = []
    last = 0
    for start, end in spans:
        if start > last:
            found.append((text[last:start], False))
        found.append((text[start:end], True))
        last = end
    return [*found, (text[last:], False)] if last < len(text) else found
