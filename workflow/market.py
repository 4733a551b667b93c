"""The market of proven innovations: what others may take over, and how often that has happened."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from workflow import adoptions, policy
from workflow.models import Case, SearchDocument, User
from workflow.recall import cases_of, recall
from workflow.search.named import named

PAGE = 30


@dataclass(frozen=True)
class Wanted:
    """Narrowing the market; empty means all."""

    q: str = ""
    category: str = ""
    affair: str = ""
    untaken: bool = False


@dataclass(frozen=True)
class Stall:
    """One innovation with how many adoptions of any generation are done and under way."""

    case: Case
    adopted: int
    under_way: int


def stalls(session: Session, wanted: Wanted, page: int = 1) -> tuple[list[Stall], int]:
    """A page of the market, latest change first, and how many innovations there are in all."""
    where = [adoptions.proven(), *_conditions(session, wanted)]
    every = select(func.count()).select_from(Case).where(*where)
    total = recall(session, ("market", wanted), int, lambda: session.scalar(every) or 0)
    query = select(Case).where(*where).order_by(Case.updated_at.desc(), Case.id)
    query = query.limit(PAGE).offset((page - 1) * PAGE)
    cases = cases_of(session, ("stalls", wanted, page), query, adoptions.proven())
    counts = counts_of(session, [case.id for case in cases])
    return [Stall(case, *counts.get(case.id, (0, 0))) for case in cases], total


def counts_of(session: Session, roots: list[int]) -> dict[int, tuple[int, int]]:
    """How many adoptions, of any generation, are adopted and how many are open, by innovation."""
    if not roots:
        return {}
    start = select(Case.id, Case.id.label("root"), Case.outcome).where(Case.id.in_(roots))
    tree = start.cte("tree", recursive=True)
    child = aliased(Case)
    tree = tree.union_all(
        select(child.id, tree.c.root, child.outcome).join(tree, child.parent_id == tree.c.id)
    )
    done = func.count().filter(tree.c.outcome == adoptions.ADOPTED)
    query = (
        select(tree.c.root, done, func.count().filter(tree.c.outcome.is_(None)))
        .where(tree.c.id != tree.c.root)
        .group_by(tree.c.root)
    )
    return {root: (adopted, open_) for root, adopted, open_ in session.execute(query)}


def adoptions_of(session: Session, user: User, limit: int = 50) -> list[Case]:
    """The adoptions that this person may see: open ones first, latest change first."""
    query = (
        select(Case)
        .where(policy.visible(user), Case.pipeline == adoptions.PIPELINE)
        .order_by(Case.outcome.is_not(None), Case.updated_at.desc(), Case.id)
    )
    return list(session.scalars(query.limit(limit)))


def _conditions(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.category:
        found.append(Case.category == wanted.category)
    if wanted.affair:
        serves = select(SearchDocument.case_id).where(SearchDocument.affair == wanted.affair)
        found.append(Case.id.in_(serves))
    if wanted.untaken:
        found.append(Case.id.not_in(select(Case.parent_id).where(Case.parent_id.is_not(None))))
    asked = named(session, wanted.q)
    return found if asked is None else [*found, asked]
