"""Numbers of cases, given out once."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from workflow.db import insert_new
from workflow.models import Counter


def next_numbers(session: Session, prefix: str, year: int, count: int = 1) -> list[str]:
    """The next numbers of a year, such as INV-2022-0031. The counter is locked until the commit."""
    key = f"{prefix}-{year}"
    bump = (
        update(Counter).where(Counter.prefix == key).values(last=Counter.last + count).returning(Counter.last)
    )
    last = session.scalar(bump)
    if last is None:
        insert_new(session, Counter, prefix=key, last=0)  # another first case may be as early
        last = session.scalar(bump) or count
    return [f"{key}-{number:04d}" for number in range(last - count + 1, last + 1)]
