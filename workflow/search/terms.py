"""What is looked up: the words of a question as terms, each with the ways in which a text may say it."""

import re
from dataclasses import dataclass

from workflow.search.words import joined, spellings, stem, stems, stop_words, words

MOST_TERMS = 8
LEAST_BEGUN = 3
PIECE = re.compile(r'"([^"]*)"?|(\S+)')

Run = tuple[str, ...]
"""Stems that stand one behind the other."""


@dataclass(frozen=True)
class Term:
    """One word or phrase of a question. `begun` are words as typed, for beginnings and slips."""

    runs: tuple[Run, ...]
    begun: tuple[str, ...] = ()

    @property
    def near(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(near for word in self.begun for near in spellings(word)))


def terms(text: str) -> list[Term]:
    """The words of a text; "in quotes" is a phrase, SI-ASNA is one too. Stop words drop out."""
    found = [_phrase(quoted) if quoted else _word(bare) for quoted, bare in PIECE.findall(text)]
    said = [term for term in found if term is not None]
    telling = [term for term in said if not stop_words().intersection(term.begun)]
    return (telling or said)[:MOST_TERMS]


def _phrase(text: str) -> Term | None:
    run = tuple(stems(text))
    return Term((run,)) if run else None


def _word(text: str) -> Term | None:
    run = tuple(stems(text))
    if not run:
        return None
    compound = joined(text)
    typed = words(text) if len(run) == 1 else []
    return Term((run, *((stem(word),) for word in compound)), (*typed, *compound))


def together(found: list[Term], text: str) -> Term | None:
    """All bare words in one: “si asna” for SIASNA; None where that makes no word."""
    parts = words(text)
    if not 1 < len(parts) <= 3 or len(found) != len(parts):  # noqa: PLR2004 - as names of systems are
        return None
    return Term(((stem("".join(parts)),),))
