"""A small sketch of a text, from which the likeness of two texts is estimated.

A text is the set of its runs of SPAN words; of their hashes the SKETCH smallest are kept (a bottom-k
sketch, Cohen and Kaplan 2007). The share of common hashes among the smallest of both estimates the Jaccard
index, here to about four points in a hundred.
"""

import hashlib
import re
from collections.abc import Collection

SPAN, SKETCH = 4, 128
LEAST_WORDS = 50
"""A shorter text is mostly letterhead."""
WORD = re.compile(r"\w+")


def sketch(text: str) -> list[int]:
    """The smallest hashes of a text, ascending; none of a text too short to be compared."""
    words = WORD.findall(text.casefold())
    if len(words) < LEAST_WORDS:
        return []
    runs = {" ".join(words[i : i + SPAN]) for i in range(len(words) - SPAN + 1)}
    return sorted({_hash(run) for run in runs})[:SKETCH]


def _hash(run: str) -> int:
    return int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest(), "big") >> 1


def percent(one: Collection[int], other: Collection[int]) -> int:
    """How alike the texts behind two sketches are, 0 to 100."""
    smallest = sorted({*one, *other})[:SKETCH]
    common = {*one} & {*other}
    return round(100 * sum(value in common for value in smallest) / len(smallest)) if smallest else 0
