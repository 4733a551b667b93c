"""Who stands in for whom on a day. Chains are followed; one that leads back to its start is refused."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.errors import Reason, Refused
from workflow.models import Substitute, User


def on(session: Session, day: date) -> dict[int, User]:
    """The stand-in of everybody who is away on a day, by the id of the one who is away."""
    rows = session.scalars(
        select(Substitute).where(
            Substitute.ended_at.is_(None), Substitute.starts_on <= day, Substitute.ends_on >= day
        )
    ).unique()
    return {row.user_id: row.substitute for row in rows}


def stand_in(user: User, away: Mapping[int, User]) -> User:
    """Who does this person's work, following the chain; the person where nobody stands in."""
    seen = [user]
    while seen[-1].id in away:
        following = away[seen[-1].id]
        if following in seen:
            raise Refused([Reason("substitute", _loop([*seen, following]))])
        seen.append(following)
    return seen[-1]


def refuse_loops(session: Session, user: User, substitute: User, first: date, last: date) -> None:
    """Refuse a substitution that on any of its days would lead back to the person who is away."""
    rows = session.scalars(
        select(Substitute).where(
            Substitute.ended_at.is_(None), Substitute.starts_on <= last, Substitute.ends_on >= first
        )
    ).unique()
    following: dict[int, list[Substitute]] = {}
    for row in rows:
        following.setdefault(row.user_id, []).append(row)
    _walk([user, substitute], first, last, following)


def _walk(seen: list[User], first: date, last: date, following: dict[int, list[Substitute]]) -> None:
    for row in following.get(seen[-1].id, []):
        start, end = max(first, row.starts_on), min(last, row.ends_on)
        if start > end:
            continue
        if row.substitute in seen:
            raise Refused([Reason("substitute", _loop([*seen, row.substitute]))])
        _walk([*seen, row.substitute], start, end, following)


def _loop(chain: list[User]) -> str:
    names = " → ".join(user.name for user in chain)
    return f"Pengganti berputar: {names}. Pilih orang yang tidak sedang digantikan."
