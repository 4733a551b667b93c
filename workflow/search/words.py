"""What a text is to the index: words without case and accents, and the stems of Indonesian ones."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import pairwise

from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary
from Sastrawi.Stemmer.Stemmer import Stemmer
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory
from Sastrawi.StopWordRemover.StopWordRemoverFactory import StopWordRemoverFactory

LONGEST = 40
LEAST_SPELT = 4
WORD = re.compile(r"[a-z][a-z0-9]*|[0-9]+")  # none that PostgreSQL's parser would take for a number like 1e5
COMPOUND = re.compile(r"[a-z0-9]+(?:[-./'&][a-z0-9]+)+")
CAPITALS = re.compile(r"[A-Z][A-Z0-9]*(?: [A-Z][A-Z0-9]*)+")
RARE_ROOTS = frozenset({"terna"})  # a botanist's word, for which peternakan would be taken
SPELT = "x0"  # marks a word with a letter left out, which no word begins with


class _Plain(dict[int, str]):
    """For `str.translate`: each character becomes one lower-case character, without its accent."""

    def __missing__(self, code: int) -> str:
        found = unicodedata.normalize("NFKD", chr(code))[0].lower()[0]
        if len(self) < 5000:  # noqa: PLR2004 - more than a language has
            self[code] = found
        return found


_PLAIN = _Plain()


def plain(text: str) -> str:
    """The text in lower case and without accents, of the same length."""
    return text.lower() if text.isascii() else text.translate(_PLAIN)


def words(text: str) -> list[str]:
    return [word[:LONGEST] for word in WORD.findall(plain(text))]


def stems(text: str) -> list[str]:
    """The stem of each word, in the order of the text."""
    return [stem(word) for word in words(text)]


@cache
def _stemmer() -> Stemmer:
    roots = StemmerFactory().get_words()
    return Stemmer(ArrayDictionary([root for root in roots if root not in RARE_ROOTS]))


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """The root: pelayanan → layan; numbers and short words stay."""
    if len(word) < LEAST_SPELT or not word.isalpha():
        return word
    found: str = _stemmer().stem(word)
    return found if WORD.fullmatch(found) else word


@cache
def stop_words() -> frozenset[str]:
    """Words that say nothing alone: yang, untuk, dan, …"""
    return frozenset(StopWordRemoverFactory().get_stop_words())


def joined(text: str) -> list[str]:
    """What is written apart and may be searched for in one word: SI-ASNA and SI ASNA are siasna."""
    apart = [WORD.findall(part) for part in COMPOUND.findall(plain(text))]
    for run in CAPITALS.findall(text):
        parts = run.lower().split()
        apart += [parts, *([a, b] for a, b in pairwise(parts))]
    together = ("".join(parts) for parts in apart if len(parts) > 1)
    return list(dict.fromkeys(word for word in together if len(word) <= LONGEST and WORD.fullmatch(word)))


def spellings(word: str) -> list[str]:
    """The word, and the word with each one of its letters left out: what two words a slip apart share."""
    if len(word) < LEAST_SPELT or not word.isalpha():
        return []
    return sorted({SPELT + word, *(SPELT + word[:at] + word[at + 1 :] for at in range(len(word)))})


def spelling_terms(found: Iterable[str]) -> list[str]:
    """Each word as it is, for its beginnings, and with a letter left out."""
    distinct = list(dict.fromkeys(found))
    return distinct + [term for word in distinct for term in spellings(word)]
