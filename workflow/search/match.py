"""The index as conditions on `Case`: one interface, and each database's own way behind it."""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, case, column, false, func, literal, or_, select, table
from sqlalchemy.orm import Session

from workflow.models import Case
from workflow.search.terms import LEAST_BEGUN, Run, Term


class Index(Protocol):
    """Conditions that hold for a case whose text has …"""

    def all_of(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        """Every term, anywhere."""

    def in_title(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        """Every term, in the title."""

    def in_heading(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        """Every term, in the title or the cover data."""

    def begins(self, term: Term) -> ColumnElement[bool]:
        """A word of title or cover that begins with the term."""

    def nearly(self, term: Term) -> ColumnElement[bool]:
        """The term, a word that begins with it, or one that is a slip away."""


def index_of(session: Session) -> Index:
    return _Sqlite() if session.get_bind().dialect.name == "sqlite" else _PostgreSql()


def matching(
    index: Index, terms: Sequence[Term], whole: Term | None, *, relaxed: bool
) -> ColumnElement[bool]:
    """Cases with all terms; `relaxed` forgives slips and unfinished words in titles, agencies and names."""
    if not terms:
        return false()
    if not relaxed:
        return index.all_of(terms)
    each = and_(*(index.nearly(term) for term in terms))
    return or_(each, index.all_of([whole])) if whole else each


def rank(index: Index, terms: Sequence[Term]) -> ColumnElement[int]:
    """2 where the title has it all, 1 where title and cover data do, else 0."""
    if not terms:
        return literal(0)
    return case((index.in_title(terms), 2), (index.in_heading(terms), 1), else_=0)


def rank_shared(index: Index, terms: Sequence[Term]) -> ColumnElement[int]:
    """How many of the terms the title has."""
    each = [case((index.in_title([term]), 1), else_=0) for term in terms]
    return reduce(lambda a, b: a + b, each, literal(0))


class _Sqlite:
    """FTS5: one virtual table whose columns can be asked for."""

    def all_of(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        return self._found(f"{{title cover body}} : ({self._every(terms)})")

    def in_title(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        return self._found(f"{{title}} : ({self._every(terms)})")

    def in_heading(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        return self._found(f"{{title cover}} : ({self._every(terms)})")

    def begins(self, term: Term) -> ColumnElement[bool]:
        return self._found(f"{{spelling}} : ({self._begun(term)})") if term.begun else false()

    def nearly(self, term: Term) -> ColumnElement[bool]:
        ways = [f"({{title cover body}} : ({self._every([term])}))"]
        if term.begun:
            near = [f'"{word}"' for word in term.near]
            ways.append(f"({{spelling}} : ({' OR '.join([self._begun(term), *near])}))")
        return self._found(" OR ".join(ways))

    def _every(self, terms: Iterable[Term]) -> str:
        return " AND ".join(f"({' OR '.join(self._run(run) for run in term.runs)})" for term in terms)

    def _run(self, run: Run) -> str:
        return f'"{" ".join(run)}"'

    def _begun(self, term: Term) -> str:
        return " OR ".join(f'"{word}"{"*" if len(word) >= LEAST_BEGUN else ""}' for word in term.begun)

    def _found(self, asked: str) -> ColumnElement[bool]:
        held: Any = table("search_index", column("rowid"), column("search_index"))
        return Case.id.in_(select(held.c.rowid).where(held.c.search_index.op("MATCH")(asked)))


class _PostgreSql:
    """Full text: vectors whose words carry the field as their weight."""

    def all_of(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        return self._found("words", self._every(terms))

    def in_title(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        return self._found("heading", self._every(terms, ":A"))

    def in_heading(self, terms: Sequence[Term]) -> ColumnElement[bool]:
        return self._found("heading", self._every(terms))

    def begins(self, term: Term) -> ColumnElement[bool]:
        return self._found("spelling", self._begun(term)) if term.begun else false()

    def nearly(self, term: Term) -> ColumnElement[bool]:
        exact = self._found("words", self._every([term]))
        if not term.begun:
            return exact
        return or_(exact, self._found("spelling", " | ".join([self._begun(term), *term.near])))

    def _every(self, terms: Iterable[Term], weight: str = "") -> str:
        return " & ".join(f"({' | '.join(self._run(run, weight) for run in term.runs)})" for term in terms)

    def _run(self, run: Run, weight: str) -> str:
        return f"({' <-> '.join(f'{word}{weight}' for word in run)})"

    def _begun(self, term: Term) -> str:
        return " | ".join(f"{word}{':*' if len(word) >= LEAST_BEGUN else ''}" for word in term.begun)

    def _found(self, field: str, asked: str) -> ColumnElement[bool]:
        held: Any = table("search_index", column("case_id"), column(field))
        question = func.to_tsquery("simple", asked)
        return Case.id.in_(select(held.c.case_id).where(held.c[field].op("@@")(question)))
