"""The index of the region for one year."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from workflow.iid.catalogue import Catalogue, Category
from workflow.iid.maturity import two_places
from workflow.validation import schema

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Index:
    """A region's year; every figure rounded to two places only here, never on the way."""

    entries: int
    divisor: int
    spd: Decimal
    average: Decimal
    count_score: Decimal
    iid: Decimal
    category: Category
    affairs_covered: int
    affairs_lacking: int


def basic_affairs() -> tuple[str, ...]:
    """The six affairs of basic service (UU 23/2014 Ps 12), as the form of the profile groups them."""
    groups = schema("iga_profile")["properties"]["main_affair"]["x-ui"]["groups"]
    return tuple(groups[0]["values"])


def index(catalogue: Catalogue, spd: Decimal, affairs: int, maturities: Sequence[Decimal]) -> Index:
    """IID = (SPD + Σ maturity / MAX(k, n) + points for the count) / total × 100.

    `affairs` is how many of the six basic affairs the entries cover; too few, and the count scores nothing.
    """
    rules, n = catalogue.region, len(maturities)
    divisor = max(rules.least_divisor, n)
    average = sum(maturities, NOTHING) / divisor
    lacking = max((rules.basic_affairs or 0) - affairs, 0)
    count = NOTHING if lacking else min(n, rules.counted_at_most) * rules.points_each
    iid = two_places((spd + average + count) / rules.total * 100)
    return Index(
        entries=n,
        divisor=divisor,
        spd=two_places(spd),
        average=two_places(average),
        count_score=two_places(count),
        iid=iid,
        category=category(catalogue, iid),
        affairs_covered=affairs,
        affairs_lacking=lacking,
    )


def category(catalogue: Catalogue, iid: Decimal) -> Category:
    """The category of an index of two places; zero means that nothing could be assessed."""
    return next(c for c in catalogue.region.categories if iid >= c.least)
