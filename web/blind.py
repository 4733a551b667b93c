"""A case as the reader may know it: by its redacted copy where they review it blind, else as it is."""

from typing import Any

from web import case_view
from web.context import me, now
from web.language import locale
from workflow import policy, redaction
from workflow.models import Case


def is_blind(case: Case) -> bool:
    """Whether whoever is signed in knows this case by its redacted copy alone."""
    return policy.is_blind(me(), case)


def title_of(case: Case) -> str:
    return redaction.title_for(me(), case)


def agency_of(case: Case) -> str:
    """The agency's short name, or the mark."""
    return redaction.MARK if is_blind(case) else case.agency.short_name


def row(case: Case) -> dict[str, Any]:
    """The line of a list."""
    found = case_view.row(case, now(), locale())
    if not is_blind(case):
        return found
    told = {"title": title_of(case), "agency": redaction.MARK, "owner": "", "cohort": ""}
    return found | told | {"href": f"/telaah/{case.number}"}
