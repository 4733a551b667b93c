"""The region's year over its entries, and the same year if some were left out or indicators lifted."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.definition import every_stage
from workflow.iid.catalogue import Catalogue
from workflow.iid.entries import Standing, standings
from workflow.iid.maturity import score
from workflow.iid.region import Index, basic_affairs, index
from workflow.models import Case, User

VERIFIED, CLAIMED = "terverifikasi", "klaim"
Lifts = Mapping[str, Mapping[str, int]]
"""Levels supposed instead of the real ones: case number → indicator → level."""


@dataclass(frozen=True)
class Entrant:
    """A case that counts for a year, with its standing."""

    case: Case
    standing: Standing

    @property
    def affair(self) -> str:
        return str(self.standing.profile.get("main_affair") or "")

    def maturity(self, basis: str, lifted: Mapping[str, int] | None = None) -> Decimal:
        """The score by claimed or verified levels; a lifted level counts as if it were proven."""
        levels = {
            number: claim.level
            for number, claim in self.standing.claims.items()
            if claim.evidenced and (basis == CLAIMED or claim.accepted)
        }
        return score(self.standing.catalogue, levels | dict(lifted or {}))


@dataclass(frozen=True)
class Supposed:
    """A year as it would be: its index, and what each entry adds to it."""

    index: Index
    maturities: Mapping[str, Decimal]
    affairs: frozenset[str]


def entrants(session: Session, user: User) -> list[Entrant]:
    """Every case that this person may see and that is or was an entry, unless it ended as not eligible."""
    return entrants_of(session, policy.visible(user))


def entrants_of(session: Session, where: ColumnElement[bool]) -> list[Entrant]:
    """The same among the cases of a condition."""
    stages = {name for name, stage in every_stage().items() if stage.scored}
    in_stages = or_(*(Case.state.startswith(f"{stage}.", autoescape=True) for stage in sorted(stages)))
    alive = or_(Case.outcome.is_(None), Case.outcome != "stopped")
    query = select(Case).where(where, in_stages, alive).order_by(Case.number)
    cases = list(session.scalars(query))
    found = standings(session, cases)
    return [Entrant(case, found[case.id]) for case in cases]


def suppose(
    catalogue: Catalogue,
    spd: Decimal,
    entries: list[Entrant],
    basis: str,
    without: Collection[str] = (),
    lifts: Lifts | None = None,
) -> Supposed:
    """The index over the entries, leaving some out and lifting levels of others."""
    kept = [e for e in entries if e.case.number not in without]
    maturities = {e.case.number: e.maturity(basis, (lifts or {}).get(e.case.number)) for e in kept}
    affairs = frozenset(e.affair for e in kept) & frozenset(basic_affairs())
    return Supposed(index(catalogue, spd, len(affairs), list(maturities.values())), maturities, affairs)
