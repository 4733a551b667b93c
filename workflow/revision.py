"""A revision as a checklist: what was asked, where, and what was answered.

Requests and answers are submissions of two collecting forms: `case.forms` holds every one of them, their
events carry them, and a request's number is its place among all requests of the case, from 1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import readable
from workflow.comparison import pieces
from workflow.definition import Transition, process
from workflow.errors import Problem
from workflow.models import Case, Event, Evidence, Review
from workflow.validation import label, schema

REQUESTS, ANSWERS = "revision_requests", "revision_answers"
WHOLE, EVIDENCE = "whole", "evidence"
PLACES = {
    "id": {WHOLE: "Keseluruhan", EVIDENCE: "Bukti dukung"},
    "en": {WHOLE: "The whole", EVIDENCE: "Evidence"},
}


@dataclass(frozen=True)
class Request:
    """One thing to be revised; `outcome` is done, explained, or None while it is open."""

    number: int
    at: str
    text: str
    outcome: str | None = None
    explanation: str = ""

    def where(self, locale: str) -> str:
        """The place in words."""
        fixed = PLACES[locale]
        form, _, name = self.at.partition(".")
        if self.at in fixed:
            return fixed[self.at]
        return f"{fixed[EVIDENCE]} #{name}" if form == EVIDENCE else label(form, [name], locale)


@dataclass(frozen=True)
class Change:
    """A field of a form as it was and is: the pieces of both as (kept|added|removed, text)."""

    form: str
    title: str
    before: list[tuple[str, str]]
    after: list[tuple[str, str]]


def requests(case: Case) -> list[Request]:
    """Every request of the case, oldest first, each with its latest answer."""
    asked = [item for held in case.forms.get(REQUESTS, ()) for item in held.get("requests", ())]
    given = {item["request"]: item for held in case.forms.get(ANSWERS, ()) for item in held["answers"]}
    found = [Request(number, item["at"], item["text"]) for number, item in enumerate(asked, start=1)]
    return [_answered(request, given.get(request.number)) for request in found]


def asked_in(event: Event, locale: str) -> list[str]:
    """The requests that an event carries, each with its place in words."""
    if event.data.get("form") != REQUESTS:
        return []
    language = "en" if locale == "en" else "id"
    asked = _submitted(event).get("requests", ())
    return [f"{Request(0, item['at'], '').where(language)}: {item['text']}" for item in asked]


def unanswered(case: Case) -> list[Request]:
    return [request for request in requests(case) if request.outcome is None]


def latest(case: Case) -> list[Request]:
    """The requests of the last return, answered or not; before them those that are still open."""
    held = case.forms.get(REQUESTS, ())
    found = requests(case)
    last = len(held[-1].get("requests", ())) if held else 0
    older = found[: len(found) - last]
    return [request for request in older if request.outcome is None] + found[len(found) - last :]


def places(session: Session, case: Case, step: Transition, locale: str) -> dict[str, str]:
    """What a request of this step can be pinned to, in words: fields that come back, evidence, the whole."""
    found = dict(PLACES[locale])
    for form in _returning(case, step):
        properties = schema(form)["properties"]
        found |= {f"{form}.{key}": label(form, [key], locale) for key in properties}
    standing = select(Evidence.id, Evidence.file_name).where(
        Evidence.case_id == case.id, Evidence.withdrawn_at.is_(None)
    )
    rows = session.execute(standing.order_by(Evidence.id)).all()
    return found | {f"{EVIDENCE}.{row.id}": f"{PLACES[locale][EVIDENCE]}: {row.file_name}" for row in rows}


def faults(session: Session, case: Case, step: Transition, document: Mapping[str, Any]) -> list[Problem]:
    """What the schemas cannot know: places that are not there, answers to what nobody asked."""
    if step.form == REQUESTS:
        known = places(session, case, step, "id")
        return [
            Problem(f"/requests/{index}/at", "Bagian ini tidak ada pada yang dikembalikan.")
            for index, item in enumerate(document.get("requests", ()))
            if item["at"] not in known
        ]
    return list(_answer_faults(case, document)) if step.form == ANSWERS else []


def blank_answers(case: Case, draft: Mapping[str, Any]) -> dict[str, Any]:
    """One row for each open request, with what the draft says of it already."""
    held = {row.get("request"): row for row in draft.get("answers", ())}
    return {
        "answers": [
            held.get(r.number, {"request": r.number}) | {"request": r.number} for r in unanswered(case)
        ]
    }


def changes(session: Session, case: Case, reviewer_id: int, locale: str) -> list[Change]:
    """What differs in the forms since this reviewer's last review; for a new one, since the last return.

    Nothing where the case was never returned.
    """
    if not case.forms.get(REQUESTS):
        return []
    since = session.scalar(
        select(Review.event_id)
        .where(Review.case_id == case.id, Review.reviewer_id == reviewer_id, Review.visit != case.visit)
        .order_by(Review.event_id.desc())
        .limit(1)
    )
    events = list(session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.id)))
    if since is None:
        since = max(e.id for e in events if e.data.get("form") == REQUESTS)
    before = {e.data["form"]: _submitted(e) for e in events if e.id <= since and "form" in e.data}
    return [
        change
        for form, now in case.forms.items()
        if isinstance(now, dict) and before.get(form)
        for change in _differences(form, before[form], now, locale)
    ]


def _answered(request: Request, given: Mapping[str, Any] | None) -> Request:
    if given is None:
        return request
    return replace(request, outcome=given["outcome"], explanation=given.get("explanation", ""))


def _returning(case: Case, step: Transition) -> list[str]:
    """The forms that are handed in again from where the step leads, and were handed in before."""
    leaving = process(case.process).leaving(step.to)
    forms = [
        t.form for t in leaving if t.form and "proposer" in t.by and isinstance(case.forms.get(t.form), dict)
    ]
    return list(dict.fromkeys(forms))


def _answer_faults(case: Case, document: Mapping[str, Any]) -> Iterator[Problem]:
    waiting = {request.number for request in unanswered(case)}
    for index, item in enumerate(document["answers"]):
        if item["request"] not in waiting:
            yield Problem(f"/answers/{index}/request", "Tidak ada permintaan terbuka dengan nomor ini.")
        waiting.discard(item["request"])
        if item["outcome"] == "explained" and not item.get("explanation", "").strip():
            yield Problem(f"/answers/{index}/explanation", "Jelaskan mengapa bagian ini tidak diubah.")


def _submitted(event: Event) -> dict[str, Any]:
    held = (event.content or {}).get("form")
    return held if isinstance(held, dict) else {}


def _differences(
    form: str, before: Mapping[str, Any], now: Mapping[str, Any], locale: str
) -> Iterator[Change]:
    old, new = _texts(form, before, locale), _texts(form, now, locale)
    for title in dict.fromkeys([*old, *new]):
        was, is_now = old.get(title, ""), new.get(title, "")
        if was != is_now:
            parts = list(pieces(was, is_now))
            yield Change(
                label(form, [], locale),
                title,
                [part for part in parts if part[0] != "added"],
                [part for part in parts if part[0] != "removed"],
            )


def _texts(form: str, document: Mapping[str, Any], locale: str) -> dict[str, str]:
    return {
        item["title"]: _text(item)
        for section in readable.answers(form, document, locale)
        for item in section["items"]
    }


def _text(item: Mapping[str, Any]) -> str:
    rows = item.get("rows")
    if rows and isinstance(rows[0], Mapping):
        return "\n".join(f"{row['title']}: {_text(row)}" for row in rows)
    if rows:
        return "\n".join(" · ".join(str(cell) for cell in row if cell is not None) for row in rows)
    value = item.get("value")
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
