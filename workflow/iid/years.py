"""Award years: when the ministry takes entries, and what the coordinator decided about a year."""

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.models import YearFact

WINDOW, SPD = "window", "spd"


@dataclass(frozen=True)
class Window:
    """The days on which entries are taken (masa penjaringan), first and last included."""

    opens: date
    closes: date
    uncertain: str | None = None
    note: str | None = None


def window(session: Session, year: int) -> Window:
    """What the coordinator set last, else what was found of that year, else the usual months."""
    return windows(session).get(year) or shipped(year)


def windows(session: Session) -> dict[int, Window]:
    """Every window that the coordinator has set, by year."""
    rows = session.scalars(select(YearFact).where(YearFact.name == WINDOW).order_by(YearFact.id))
    return {row.year: _decided(row) for row in rows}


def spd(session: Session, year: int) -> Decimal | None:
    """The region's SPD score of a year, once the coordinator has recorded it."""
    query = select(YearFact).where(YearFact.name == SPD, YearFact.year == year).order_by(YearFact.id.desc())
    row = session.scalars(query.limit(1)).first()
    return None if row is None else Decimal(row.value["score"])


def _decided(row: YearFact) -> Window:
    return Window(date.fromisoformat(row.value["opens"]), date.fromisoformat(row.value["closes"]))


def shipped(year: int) -> Window:
    raw = _raw()
    if str(year) in raw:
        return Window(**raw[str(year)])
    usual = raw["usual"]
    opens, closes = (date.fromisoformat(f"{year}-{usual[key]}") for key in ("opens", "closes"))
    return Window(opens, closes, usual["uncertain"])


@cache
def _raw() -> dict[str, Any]:
    return tomllib.loads((files("workflow.catalogues") / "windows.toml").read_text("utf-8"))


def history(session: Session, year: int) -> list[YearFact]:
    """Every decision about a year, newest first."""
    return list(session.scalars(select(YearFact).where(YearFact.year == year).order_by(YearFact.id.desc())))
