"""The maturity of one innovation: claimed, verified, what is missing and where the next points lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from workflow.iid.catalogue import HIGHEST, Catalogue, Indicator


@dataclass(frozen=True)
class Claim:
    """A level named for one indicator, whether something proves it, and whether that was accepted."""

    level: int
    evidenced: bool = False
    accepted: bool = False


@dataclass(frozen=True)
class Maturity:
    """Both scores of an innovation, two places."""

    claimed: Decimal
    verified: Decimal


@dataclass(frozen=True)
class Gain:
    """Points still to be won by one move: prove the level already named, or reach the next one."""

    indicator: Indicator
    level: int
    points: Decimal
    proof_only: bool


Claims = Mapping[str, Claim]
NOTHING = Claim(0)


def score(catalogue: Catalogue, levels: Mapping[str, int]) -> Decimal:
    """Σ weight × level; an indicator not named counts 0. Raises KeyError for one the catalogue lacks."""
    total = sum((catalogue.by_number[n].weight * level for n, level in levels.items()), Decimal(0))
    return two_places(total)


def maturity(catalogue: Catalogue, claims: Claims) -> Maturity:
    """Claimed: levels with evidence. Verified: of those, what Bappeda accepted."""
    proven = {n: c for n, c in claims.items() if c.evidenced and n in catalogue.by_number}
    return Maturity(
        score(catalogue, {n: c.level for n, c in proven.items()}),
        score(catalogue, {n: c.level for n, c in proven.items() if c.accepted}),
    )


def missing(catalogue: Catalogue, claims: Claims) -> list[Indicator]:
    """The indicators that count nothing today, mandatory ones first."""
    empty = [i for i in catalogue.sid if not _counts(claims.get(i.number, NOTHING))]
    return sorted(empty, key=lambda i: not i.mandatory)


def gains(catalogue: Catalogue, claims: Claims) -> list[Gain]:
    """Every next move, cheapest points first: proof for what is named already, then most points a step."""
    found = [g for i in catalogue.sid if (g := _gain(i, claims.get(i.number, NOTHING))) is not None]
    return sorted(found, key=lambda g: (not g.proof_only, -g.points, not g.indicator.mandatory))


def _gain(indicator: Indicator, claim: Claim) -> Gain | None:
    if claim.level and not claim.evidenced:
        return Gain(indicator, claim.level, indicator.weight * claim.level, proof_only=True)
    if claim.level < HIGHEST:
        return Gain(indicator, claim.level + 1, indicator.weight, proof_only=False)
    return None


def _counts(claim: Claim) -> bool:
    return claim.level > 0 and claim.evidenced


def two_places(number: Decimal) -> Decimal:
    """Half up, as people round; how the ministry rounds is not known."""
    return number.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
