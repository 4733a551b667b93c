"""What of a case can be searched: cover data, and the prose of forms that were submitted.

Drafts are their writers' alone and stay out, so do notes, reviews and mails; an index that held them
would tell by its hits what the policy hides.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from workflow.affairs import affairs
from workflow.models import Case
from workflow.search.words import joined, spelling_terms, stem, stems, words
from workflow.validation import schema

MOST_WORDS = 6000
PEOPLE = ("proposer", "co_author", "mentor")


def fields(case: Case) -> dict[str, str | None]:
    """The columns of the case's `SearchDocument`, without its key."""
    cover = _cover(case)
    text = _text(case)
    title = [*stems(case.title), *(stem(word) for word in joined(case.title))]
    spelt = [*words(case.title), *joined(case.title), *words(cover)]
    return {
        "affair": affairs(case)[0],
        "title": " ".join(title),
        "cover": " ".join([*stems(cover), *(stem(word) for word in joined(cover))]),
        "body": " ".join(stems(text)),
        "spelling": " ".join(spelling_terms(spelt)),
        "text": text,
    }


def _cover(case: Case) -> str:
    agency = case.agency
    people = [p.user.name for p in case.participants if p.role in PEOPLE and p.until is None]
    cohort = [case.cohort.name] if case.cohort else []
    return " · ".join([case.number, agency.name, agency.short_name, *agency.aliases, *cohort, *people])


def _text(case: Case) -> str:
    held = [(name, document) for name, found in sorted(case.forms.items()) for document in _each(found)]
    text = "\n".join(line for name, document in held for line in _prose(schema(name), document))
    return " ".join(text.split()[:MOST_WORDS])


def _each(found: Any) -> list[Any]:  # noqa: ANN401 - a form, or a list of those that collect
    return found if isinstance(found, list) else [found]


def _prose(node: Mapping[str, Any], value: object) -> Iterator[str]:
    """What people wrote: no choices, dates, addresses."""
    if isinstance(value, str):
        if not node.keys() & {"enum", "format", "const"}:
            yield value
    elif isinstance(value, Mapping):
        for name, inner in node.get("properties", {}).items():
            yield from _prose(inner, value.get(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _prose(node.get("items", {}), inner)
