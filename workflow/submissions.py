"""A form as it was handed in each time: which versions there are, and what changed from one to the next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import readable
from workflow.comparison import pieces
from workflow.definition import process
from workflow.models import Case, Event
from workflow.validation import label, schema


@dataclass(frozen=True)
class Change:
    """A field of a form as it was and is: the pieces of both as (kept|added|removed, text)."""

    form: str
    title: str
    before: list[tuple[str, str]]
    after: list[tuple[str, str]]


@dataclass(frozen=True)
class Version:
    """One submission of a form: its document, the events of all versions of it, and what changed before it.

    A form that collects has an entry each time, not versions: nothing is compared then.
    """

    event: Event
    form: str
    document: dict[str, Any]
    versions: list[Event]
    changes: list[Change]

    @property
    def number(self) -> int:
        return self.versions.index(self.event) + 1


def version(session: Session, case: Case, seq: int, locale: str) -> Version | None:
    """What was handed in with an event of the case, by its `seq`; None where nothing was."""
    event = session.scalars(select(Event).where(Event.case_id == case.id, Event.seq == seq)).one_or_none()
    if event is None or not handed_in(event):
        return None
    form = event.data["form"]
    names = {t.event for t in process(case.process).transitions if t.form == form and not t.collect}
    query = select(Event).where(Event.case_id == case.id, Event.name.in_(names)).order_by(Event.seq)
    versions = [found for found in session.scalars(query) if handed_in(found)] or [event]
    place = versions.index(event) if event in versions else 0
    before = versions[place - 1] if place else None
    changes = list(differences(form, handed_in(before), handed_in(event), locale)) if before else []
    return Version(event, form, handed_in(event), versions, changes)


def handed_in(event: Event) -> dict[str, Any]:
    """The document of a submission; empty for any other event, and once it was erased."""
    held = (event.content or {}).get("form")
    return held if isinstance(held, dict) else {}


def differences(
    form: str, before: Mapping[str, Any], now: Mapping[str, Any], locale: str
) -> Iterator[Change]:
    """Every field that differs between two documents of a form, in the order of the form."""
    properties = schema(form)["properties"]
    for key in (k for section in schema(form)["x-ui"]["sections"] for k in section["fields"]):
        if before.get(key) == now.get(key):
            continue
        was, is_now = (
            _text(readable.answer(properties[key], held.get(key), locale)) for held in (before, now)
        )
        parts = list(pieces(was, is_now))
        yield Change(
            label(form, [], locale),
            label(form, [key], locale),
            [part for part in parts if part[0] != "added"],
            [part for part in parts if part[0] != "removed"],
        )


def _text(item: Mapping[str, Any]) -> str:
    rows = item.get("rows")
    if rows and isinstance(rows[0], Mapping):
        return "\n".join(f"{row['title']}: {_text(row)}" for row in rows)
    if rows:
        return "\n".join(" · ".join(str(cell) for cell in row if cell is not None) for row in rows)
    value = item.get("value")
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
