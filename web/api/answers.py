"""Rows as JSON, to the letter of schemas/api: RFC 3339 in UTC, people by name, nothing that is not theirs."""

from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from web.api.auth import language
from workflow import commands, held, policy, queries, redaction
from workflow.adoptions import ADOPTED, Member
from workflow.commands.advance import Option
from workflow.definition import process
from workflow.delivery import state_of
from workflow.discussion import SAID, Message
from workflow.errors import Reason
from workflow.guards import average
from workflow.iid.entries import is_entry, standing
from workflow.ledger import Actor
from workflow.matchmaking import Match
from workflow.models import Case, Email, Event, Evidence, HeldDecision, User

Json = dict[str, Any]
UNTOLD = frozenset({"salt", "mails"})
"""Of an event's content: the salt of its hash, and mails, which each recipient reads for themselves."""
People = Mapping[int, User]


def address(number: str, *rest: object) -> str:
    return "/".join(("/api/v1/proposals", number, *map(str, rest)))


def moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def perhaps(value: datetime | None) -> str | None:
    return None if value is None else moment(value)


def person(user: User | None) -> Json | None:
    return {"name": user.name} if user else None


def decision(row: HeldDecision, changes: int) -> Json:
    """A held decision; `changes` happened since it was decided on."""
    step = held.step_of(row)
    return {
        "id": row.id,
        "proposal": row.case.number,
        "state": row.state,
        "transition": row.step,
        "transition_title": step.title(language()),
        "to": step.to,
        "note": row.note,
        "form": row.form,
        "held_by": person(row.holder),
        "held_at": moment(row.held_at),
        "seen": row.seen,
        "changes": changes,
        "outcome": held.VOID if held.is_void(row) else row.outcome,
        "ended_at": perhaps(row.ended_at),
    }


# --- cases -------------------------------------------------------------------------------------------


def item(case: Case) -> Json:
    """A case as an item of a list."""
    return {
        "number": case.number,
        "title": case.title,
        "category": case.category,
        "stage": case.stage,
        "state": case.state,
        "state_title": process(case.process).states[case.state].title(language()),
        "version": case.version,
        "agency": {"code": case.agency.code, "name": case.agency.name},
        "cohort": case.cohort.code if case.cohort else None,
        "owner": person(case.holder("proposer")) or {"name": "–"},
        "mentor": person(case.holder("mentor")),
        "created_at": moment(case.created_at),
        "updated_at": moment(case.updated_at),
        "due_at": perhaps(case.due_at),
        "links": {
            "self": address(case.number),
            "draft": address(case.number, "draft"),
            "events": address(case.number, "events"),
            "emails": address(case.number, "emails"),
            "evidence": address(case.number, "evidence"),
            "page": f"/usulan/{case.number}",
        },
    }


def whole(session: Session, who: Actor, case: Case) -> Json:
    """A case with its forms, its score and the steps from here, as this caller sees them."""
    return item(case) | {
        "score": score(session, who, case),
        "maturity": maturity(session, case),
        "forms": case.forms,
        "transitions": [transition(option) for option in commands.options(session, who, case)],
    }


def redacted(session: Session, case: Case) -> Json:
    """A case as its blind reviewers know it: the redacted answers, and nothing that says whose it is."""
    hidden: Json = {
        "title": redaction.name_of(case),
        "agency": {"code": "disamarkan", "name": redaction.MARK},
        "cohort": None,
        "owner": {"name": redaction.MARK},
        "mentor": None,
        "links": {"self": address(case.number), "page": f"/telaah/{case.number}"},
    }
    told: Json = {"score": None, "maturity": None, "transitions": []}
    return item(case) | hidden | told | {"forms": redaction.copy_of(session, case).forms}


def member(found: Member, numbers: Mapping[int, str]) -> Json:
    """A case of a family of adoptions."""
    case = found.case
    return {
        "number": case.number,
        "generation": found.generation,
        "parent": numbers.get(case.parent_id or 0),
        "agency": {"code": case.agency.code, "name": case.agency.name},
        "state": case.state,
        "state_title": process(case.process).states[case.state].title(language()),
        "adopted": found.generation > 0 and case.outcome == ADOPTED,
    }


def match(found: Match) -> Json:
    """An agency that would fit an innovation."""
    return {
        "agency": {"code": found.agency.code, "name": found.agency.name},
        "score": found.score,
        "reasons": found.reasons,
        "refused": found.refused,
    }


def maturity(session: Session, case: Case) -> Json | None:
    """Both scores of an entry; nothing in the stages before."""
    if not is_entry(case):
        return None
    found = standing(session, case)
    return {
        "year": found.year,
        "catalogue": found.catalogue.year,
        "klaim": float(found.maturity.claimed),
        "terverifikasi": float(found.maturity.verified),
    }


def transition(option: Option) -> Json:
    return {
        "name": option.transition.name,
        "title": option.transition.title(language()),
        "form": option.transition.form,
        "note": option.transition.note,
        "allowed": option.allowed,
        "reasons": [reason(r) for r in option.reasons],
    }


def reason(unmet: Reason) -> Json:
    return {"guard": unmet.guard, "message": unmet.message, "fix": unmet.fix}


def score(session: Session, who: Actor, case: Case) -> float | None:
    """The mean of the last round; whoever may not see reviews gets it only as a decision carried it."""
    given = queries.reviews_ever(session, case)
    if not given or who.user is None:
        return None
    last = [r for r in given if r.visit == given[-1].visit]
    mine = any(r.reviewer_id == who.user_id for r in last)
    if policy.may_see_reviews(who.user, case, reviewed_by_me=mine, others=others(case, last[0].state)):
        mean = average(last)
        return None if mean is None else float(mean)
    if case.visit == last[0].visit:
        return None
    results = (
        e.data["result"]
        for e in queries.events_of(session, case)
        if "result" in e.data and e.seq > last[0].visit and e.data["from"] == last[0].state
    )
    return next((float(result["score"]) for result in results), None)


# --- what happened, what was sent ------------------------------------------------------------------------


def mentioned(rows: list[Event]) -> set[int]:
    """The people whose names the events need."""
    found = {e.actor_id for e in rows if e.actor_id is not None}
    for e in rows:
        named = [*e.data.get("people", {}).values(), e.data.get("user"), e.data.get("before")]
        named += [e.data.get("held", {}).get("user"), *e.data.get("nudged", ())]
        found |= {i for i in named if isinstance(i, int)} | set((e.content or {}).get("mentions", ()))
    return found


def event(row: Event, number: str, people: People, *, readable: bool) -> Json:
    """An event; `readable` says whether the caller may read what people wrote in it."""
    content = {key: value for key, value in (row.content or {}).items() if key not in UNTOLD}
    if "mentions" in content:
        content["mentions"] = [person(people.get(i)) for i in content["mentions"]]
    return {
        "id": row.id,
        "number": number,
        "seq": row.seq,
        "name": row.name,
        "at": moment(row.at),
        "actor": person(people.get(row.actor_id or 0)),
        "role": row.role,
        "data": _named(row.data, people),
        "content": content if content and readable else None,
        "hash": row.hash,
    }


def _named(data: Json, people: People) -> Json:
    """Ids of accounts mean nothing outside: names instead."""
    named: Json = {key: person(people.get(data[key] or 0)) for key in ("user", "before") if key in data}
    if "held" in data:
        named["held"] = data["held"] | {"user": person(people.get(data["held"]["user"]))}
    if "nudged" in data:
        named["nudged"] = [person(people.get(i)) for i in data["nudged"]]
    if "people" in data:
        named["people"] = {role: person(people.get(i or 0)) for role, i in data["people"].items()}
    return {key: value for key, value in data.items() if key not in {"invited", "attendance"}} | named


def readable(rows: list[Event], user: User, case: Case, audiences: Container[str]) -> set[int]:
    """The ids of those events whose content this person may read.

    Reviews only of rounds open to them, messages only of `audiences`.
    """
    mine = {e.data["visit"] for e in rows if e.name == "case.reviewed" and e.actor_id == user.id}
    return {
        e.id
        for e in rows
        if policy.may_read_note(user, case, e.name, e.actor_id)
        and (e.name != SAID or e.data["audience"] in audiences)
        and (
            e.name != "case.reviewed"
            or e.actor_id == user.id
            or policy.may_see_reviews(
                user, case, reviewed_by_me=e.data["visit"] in mine, others=others(case, e.data["state"])
            )
        )
    }


def others(case: Case, state: str) -> str:
    """When a reviewer may read the other reviews of a state."""
    rule = process(case.process).states[state].review
    return rule.others if rule else "after_own"


def message(said: Message, number: str) -> Json:
    """One message of a discussion, its files by their address."""
    return {
        "id": said.id,
        "at": moment(said.at),
        "author": person(said.author),
        "role": said.role,
        "audience": said.audience,
        "text": said.text,
        "mentions": [person(user) for user in said.mentions],
        "files": [
            {
                "id": file.id,
                "file_name": file.file_name,
                "media_type": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
                "href": address(number, "attachments", file.id),
            }
            for file in said.files
        ],
    }


def email(row: Email, people: People, now: datetime) -> Json:
    return {
        "id": row.id,
        "kind": row.kind,
        "recipient": person(people.get(row.recipient_id or 0)),
        "subject": row.subject,
        "text": row.text,
        "state": state_of(row, now),
        "created_at": moment(row.created_at),
        "sent_at": perhaps(row.done_at),
    }


def proof(row: Evidence, number: str, people: People) -> Json:
    """One file of evidence."""
    return {
        "id": row.id,
        "field": row.field,
        "indicator": row.indicator,
        "file_name": row.file_name,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "letter_number": row.letter_number,
        "letter_date": row.letter_date.isoformat() if row.letter_date else None,
        "letter_subject": row.letter_subject,
        "uploaded_by": person(people.get(row.uploaded_by)),
        "uploaded_at": moment(row.uploaded_at),
        "href": address(number, "evidence", row.id),
    }
