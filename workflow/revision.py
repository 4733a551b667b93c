"""A revision as a checklist: what was asked, where, and what was answered.

Requests and answers are submissions of two collecting forms: `case.forms` holds every one of them, their
events carry them, and a request's number is its place among all requests of the case, from 1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow.definition import Transition, process
from workflow.errors import Problem
from workflow.models import Case, Event, Evidence, Review
from workflow.submissions import Change, differences, handed_in
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

    def where(self, locale: str, files: Mapping[str, str]) -> str:
        """The place in words; `files` as `files` below gives them."""
        fixed = PLACES[locale]
        form, _, name = self.at.partition(".")
        if self.at in fixed:
            return fixed[self.at]
        return (
            f"{fixed[EVIDENCE]}: {files.get(self.at, name)}"
            if form == EVIDENCE
            else label(form, [name], locale)
        )


@dataclass(frozen=True)
class Changes:
    """What differs for a reviewer; `own` is whether against the reviewer's own last review."""

    own: bool
    found: list[Change]


def requests(case: Case) -> list[Request]:
    """Every request of the case, oldest first, each with its latest answer."""
    return requests_in(case.forms)


def requests_in(forms: Mapping[str, Any]) -> list[Request]:
    """The same of its forms, or of a copy of them."""
    asked = [item for held in forms.get(REQUESTS, ()) for item in held.get("requests", ())]
    given = {item["request"]: item for held in forms.get(ANSWERS, ()) for item in held["answers"]}
    found = [Request(number, item["at"], item["text"]) for number, item in enumerate(asked, start=1)]
    return [_answered(request, given.get(request.number)) for request in found]


def asked_in(session: Session, event: Event, locale: str) -> list[str]:
    """The requests that an event carries, each with its place in words."""
    if event.data.get("form") != REQUESTS:
        return []
    language = "en" if locale == "en" else "id"
    known = files(session, event.case_id)
    asked = handed_in(event).get("requests", ())
    return [f"{Request(0, item['at'], '').where(language, known)}: {item['text']}" for item in asked]


def files(session: Session, case_id: int) -> dict[str, str]:
    """The names of a case's evidence files by the place that they are; withdrawn ones too."""
    rows = session.execute(select(Evidence.id, Evidence.file_name).where(Evidence.case_id == case_id))
    return {f"{EVIDENCE}.{row.id}": row.file_name for row in rows}


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


def changes(session: Session, case: Case, reviewer_id: int, locale: str) -> Changes:
    """What differs in the forms since this reviewer's last review; for a new one, since the last return.

    Nothing before a reviewer has judged in an earlier visit or the case has left this state before.
    """
    own = session.scalar(
        select(func.max(Review.event_id)).where(
            Review.case_id == case.id, Review.reviewer_id == reviewer_id, Review.visit != case.visit
        )
    )
    since = own or _last_departure(session, case)
    before = _standing(session, case, since) if since else {}
    found = [
        change
        for form, then in before.items()
        for change in differences(form, then, case.forms[form], locale)
    ]
    return Changes(own is not None, found)


def _last_departure(session: Session, case: Case) -> int | None:
    """The event by which the case last left the state it is in again, by whatever step."""
    leaving = {t.event for t in process(case.process).leaving(case.state) if t.to != case.state}
    events = session.execute(
        select(Event.id, Event.data)
        .where(Event.case_id == case.id, Event.name.in_(leaving))
        .order_by(Event.id.desc())
    )
    return next((row.id for row in events if row.data["from"] == case.state), None)


def _standing(session: Session, case: Case, since: int) -> dict[str, dict[str, Any]]:
    """The forms that stand in the case now, as they stood right after an event."""
    standing = [form for form, held in case.forms.items() if isinstance(held, dict)]
    names = {t.event for t in process(case.process).transitions if t.form in standing}
    latest = (
        select(func.max(Event.id))
        .where(Event.case_id == case.id, Event.name.in_(names), Event.id <= since)
        .group_by(Event.name)
    )
    events = session.scalars(select(Event).where(Event.id.in_(latest)).order_by(Event.id))
    found = {event.data["form"]: handed_in(event) for event in events}
    return {form: found[form] for form in standing if found.get(form)}


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
