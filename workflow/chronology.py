"""Dates of a form against those of its case: `x-not-before` and `x-not-after` of a schema, at the field."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from workflow import dates
from workflow.calendar import wib_date
from workflow.errors import Problem
from workflow.models import Case
from workflow.validation import label, schema

BIRTHS = (
    ("innovation_proposal", "trial_start"),
    ("pilot_plan", "start_date"),
    ("pilot_report", "trial_start"),
    ("pilot_report", "implementation_date"),
    ("adoption_start", "start_date"),
)


def date_problems(form: str, document: Mapping[str, Any], case: Case, now: datetime) -> list[Problem]:
    """Every date that lies before its time or in the future; a valid document is expected."""
    return list(_found(form, document, case, wib_date(now)))


def born(case: Case) -> date:
    """The earliest day on which the innovation is known to have existed."""
    named = (case.forms.get(form, {}).get(key) for form, key in BIRTHS)
    known = [date.fromisoformat(day) for day in named if day]
    return min([wib_date(case.created_at), wib_date(case.entered_at), *known])


def _found(form: str, document: Mapping[str, Any], case: Case, today: date) -> Iterator[Problem]:
    for key, node in schema(form)["properties"].items():
        if key not in document:
            continue
        day = date.fromisoformat(document[key]) if node.get("format") == "date" else None
        if day and node.get("x-not-after") == "today" and day > today:
            yield Problem(
                f"/{key}", f"{node['title']} tidak boleh setelah hari ini ({dates.long_date(today)})."
            )
        for name in node.get("x-not-before", ()) if day else ():
            bound, words = _bound(name, case)
            if bound and day and day < bound:
                yield Problem(f"/{key}", f"{node['title']} mendahului {words}, {dates.long_date(bound)}.")


def _bound(name: str, case: Case) -> tuple[date | None, str]:
    """The day that `origin`, `begun` or a field of an earlier form stands for, and its name."""
    if name == "origin":
        return born(case.parent or case), "lahirnya inovasi"
    if name == "begun":
        return wib_date(case.created_at), "dimulainya catatan ini"
    form, _, key = name.partition(".")
    held = case.forms.get(form)
    if not isinstance(held, dict) or key not in held:
        return None, ""
    return date.fromisoformat(held[key]), label(form, [key], "id").lower()
