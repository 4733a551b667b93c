"""Innovations that resemble a title. A hint to look, never a reason to refuse."""

from dataclasses import dataclass

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, raiseload

from workflow import policy, queries
from workflow.models import Case, User
from workflow.search import match
from workflow.search.terms import MOST_TERMS, Term
from workflow.search.words import joined, stem, stop_words, words

MOST_SHOWN, MOST_LOOKED_AT = 5, 30
LEAST_SHARED, LEAST_ALIKE = 2, 50
SAID_EVERYWHERE = frozenset(
    {
        *("aplikasi", "basis", "daerah", "daring", "digital", "elektronik", "informasi", "inovasi"),
        *("kabupaten", "layan", "online", "padu", "program", "sistem", "sragen"),
    }
)


@dataclass(frozen=True)
class Similar:
    """A case with why it looks alike; `seen` where this person may open its page."""

    case: Case
    reason: str
    seen: bool


def similar(session: Session, user: User, title: str, besides: int | None = None) -> list[Similar]:
    """Among what the person may see and what is public, best first; `besides` is a case to leave out."""
    told = _telling(title)
    together = set(_names(title))
    terms = [Term(((word,),)) for word in [*together, *told]][:MOST_TERMS]
    if not terms:
        return []
    found = [
        (score, Similar(case, reason, seen))
        for case, seen in _candidates(session, user, terms, besides)
        for score, reason in [_alike(title, told, together, case.title)]
        if reason
    ]
    found.sort(key=lambda pair: (-pair[0], pair[1].case.id))
    return [one for _score, one in found[:MOST_SHOWN]]


def _candidates(
    session: Session, user: User, terms: list[Term], besides: int | None
) -> list[tuple[Case, bool]]:
    index = match.index_of(session)
    any_of: ColumnElement[bool] = or_(*(index.in_title([term]) for term in terms))
    seen = policy.visible(user)
    rows = session.execute(
        select(Case, seen)
        .where(queries.known_to(user), any_of, Case.id != (besides or 0))
        .order_by(match.rank_shared(index, terms).desc(), Case.id)
        .limit(MOST_LOOKED_AT)
        .options(raiseload(Case.participants))
    )
    return [(row[0], bool(row[1])) for row in rows]


def _alike(title: str, told: list[str], together: set[str], other: str) -> tuple[float, str]:
    """How much alike, and in words why; no words where it is not enough."""
    if together & set(_names(other)):
        return 200, f"Nama singkatnya sama: {_head(other)}."
    theirs = _telling(other)
    shared = [word for word in dict.fromkeys(words(title)) if stem(word) in theirs and stem(word) in told]
    alike = fuzz.token_set_ratio(" ".join(told), " ".join(theirs))
    if len(shared) < LEAST_SHARED or (len(shared) == LEAST_SHARED and alike < LEAST_ALIKE):
        return 0, ""
    return len(shared) * 10 + alike / 10, f"Sama-sama memuat: {', '.join(shared)}."


def _telling(title: str) -> list[str]:
    """The stems of a title's words, without those that many titles have."""
    found = (stem(word) for word in words(title) if word not in stop_words())
    return [word for word in dict.fromkeys(found) if word not in SAID_EVERYWHERE]


def _head(title: str) -> str:
    """What an innovation is called for short: SI ASNA, of “SI ASNA: sistem …” or “SI ASNA (sistem …)”."""
    return title.partition(":")[0].partition("(")[0].strip()


def _names(title: str) -> list[str]:
    """The short name in one word, where there is one."""
    head = _head(title)
    if head == title and len(words(head)) > 3:  # noqa: PLR2004 - a sentence is no name
        return []
    whole = "".join(words(head))
    return [stem(whole)] if whole in {*joined(head), *words(head)} and len(whole) > 3 else []  # noqa: PLR2004
