"""The index once more, from the files alone: fractions instead of decimals, and nothing of ours imported."""

import tomllib
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "workflow" / "catalogues"


@cache
def raw(year: int) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{year}.toml").read_text("utf-8"), parse_float=Fraction)


def cents(number: Fraction) -> int:
    """Hundredths, half up; all our figures are positive."""
    return (number * 200 + 1).__floor__() // 2


def maturity(year: int, levels: dict[str, int]) -> Fraction:
    return sum(
        (Fraction(row["weight"]) * levels.get(row["number"], 0) for row in raw(year)["sid"]), Fraction()
    )


def index(year: int, spd: Fraction, affairs: int, entries: Sequence[Fraction]) -> dict[str, Any]:
    rules = raw(year)["region"]
    average = sum(entries, Fraction()) / max(rules["least_divisor"], len(entries))
    enough = affairs >= rules.get("basic_affairs", 0)
    count = min(len(entries), rules["counted_at_most"]) * rules["points_each"] if enough else Fraction()
    iid = cents((spd + average + count) / rules["total"] * 100)
    names = [c["title"] for c in rules["categories"] if iid >= Fraction(c["from"]) * 100]
    return {"average": cents(average), "count_score": cents(count), "iid": iid, "category": names[0]}
