"""The entries of an award year: how mature they are, and the index the region would have. Never official."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from workflow.calendar import wib_date
from workflow.iid import years
from workflow.iid.catalogue import Catalogue, borrowed, catalogue_for
from workflow.iid.region import Index
from workflow.iid.whatif import CLAIMED, VERIFIED, Entrant, entrants, suppose
from workflow.models import Case, User

BANDS = (Decimal(0), Decimal(66), Decimal(85))
"""Where low, middling and high begin, as the office's peers group them (SIMONDA); the ministry names none."""


@dataclass(frozen=True)
class Band:
    """Entries from `least` on and below `below` (None: no end), by klaim and by terverifikasi."""

    least: Decimal
    below: Decimal | None
    claimed: int
    verified: int


@dataclass(frozen=True)
class Outlook:
    """One award year. `bands` count the entries of a list, the two indexes all that the person may see."""

    year: int
    offered: list[int]
    catalogue: Catalogue
    borrowed: str | None
    spd: Decimal | None
    claimed: Index
    verified: Index
    bands: list[Band]

    @property
    def entries(self) -> int:
        """How many entries the bands count."""
        return sum(band.claimed for band in self.bands)


def offered(entries: Sequence[Entrant], now: datetime) -> list[int]:
    """The award years there is something to say about: those of entries, and the coming one."""
    return sorted({e.standing.year for e in entries} | {wib_date(now).year + 1})


def usual(choice: Sequence[int], now: datetime) -> int:
    """The year that is looked at where none is named: the next one."""
    return next((year for year in choice if year > wib_date(now).year), choice[-1])


def outlook(
    session: Session,
    user: User,
    now: datetime,
    where: Sequence[ColumnElement[bool]] = (),
    year: int | None = None,
) -> Outlook:
    """The year over the entries this person may see; the bands over those that also fulfil `where`."""
    every = entrants(session, user)
    choice = offered(every, now)
    year = year or usual(choice, now)
    entries = [e for e in every if e.standing.year == year]
    listed = set(session.scalars(select(Case.id).where(*where, Case.id.in_([e.case.id for e in entries]))))
    catalogue, recorded = catalogue_for(year), years.spd(session, year)
    claimed, verified = (
        suppose(catalogue, recorded or Decimal(0), entries, basis).index for basis in (CLAIMED, VERIFIED)
    )
    bands = _bands([e for e in entries if e.case.id in listed], catalogue)
    return Outlook(year, choice, catalogue, borrowed(year), recorded, claimed, verified, bands)


def _bands(entries: list[Entrant], catalogue: Catalogue) -> list[Band]:
    starts = sorted({*BANDS, catalogue.entry.mature_from})
    pairs = list(zip(starts, [*starts[1:], None], strict=True))
    scores = [(e.maturity(CLAIMED), e.maturity(VERIFIED)) for e in entries]
    return [
        Band(least, below, *(sum(_within(pair[of], least, below) for pair in scores) for of in (0, 1)))
        for least, below in pairs
    ]


def _within(score: Decimal, least: Decimal, below: Decimal | None) -> bool:
    return score >= least and (below is None or score < below)
