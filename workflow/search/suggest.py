"""What the search box offers while somebody types: keys, values, and innovations that begin so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from workflow import case_lists
from workflow.errors import Invalid
from workflow.models import Case, User
from workflow.search import query
from workflow.search.query import Key, Option, slug, written

MOST_OFFERED = 8
MOST_CASES = 6


@dataclass(frozen=True)
class Offer:
    """The question with its last word completed, and what that means."""

    text: str
    label: str
    help: str


def offers(session: Session, text: str) -> list[Offer]:
    """Keys that begin as the last word does, or the values of the key before its colon."""
    head, last = text[: text.rfind(" ") + 1], text[text.rfind(" ") + 1 :]
    name, colon, begun = last.partition(":")
    if colon:
        key = query.BY_NAME.get(name.lower())
        return _values(session, head, key, slug(begun)) if key else []
    found = [
        Offer(f"{head}{key.name}:", f"{key.name}:", key.help)
        for key in query.KEYS
        if key.name.startswith(name.lower())
    ]
    return found + [
        Offer(f"{head}{flag.name} ", flag.name, flag.help)
        for flag in query.FLAGS
        if flag.name.startswith(name.lower())
    ]


def _values(session: Session, head: str, key: Key, begun: str) -> list[Offer]:
    if key.options is None:
        return []
    found = _beginning(key.options(session), begun)
    return [Offer(f"{head}{key.name}:{written(o)} ", f"{key.name}:{written(o)}", o.names[-1]) for o in found][
        :MOST_OFFERED
    ]


def _beginning(options: Sequence[Option], begun: str) -> list[Option]:
    first = [o for o in options if any(slug(name).startswith(begun) for name in o.names)]
    inside = [o for o in options if o not in first and any(f"_{begun}" in slug(name) for name in o.names)]
    return [*first, *inside]


def cases(session: Session, user: User, now: datetime, text: str) -> list[Case]:
    """The first few that the question finds, its last word perhaps unfinished."""
    try:
        asked = query.parse(session, text)
    except Invalid:
        return []
    if not asked.words:
        return []
    filters = case_lists.Filters(q=asked.words, **asked.filters)
    return case_lists.first_cases(session, user, now, filters, MOST_CASES)
