"""Rows as JSON: times in RFC 3339 UTC, people by name, nothing that the caller may not see."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from web.language import locale
from workflow import commands, policy
from workflow.definition import process
from workflow.guards import average, reviews_of
from workflow.ledger import Actor
from workflow.models import Case, Email, Event, User


def moment(value: datetime | None) -> str | None:
    return (
        None if value is None else value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    )


def summary(case: Case) -> dict[str, Any]:
    """A case as an item of a list."""
    state = process(case.process).states[case.state]
    owner = case.holder("proposer")
    return {
        "number": case.number,
        "title": case.title,
        "category": case.category,
        "stage": case.stage,
        "state": case.state,
        "state_title": state.title(locale()),
        "outcome": case.outcome,
        "owner_role": state.owner,
        "agency": {"code": case.agency.code, "name": case.agency.name},
        "cohort": case.cohort.code if case.cohort else None,
        "owner": {"name": owner.name} if owner else None,
        "version": commands.etag(case),
        "due_at": moment(case.due_at),
        "created_at": moment(case.created_at),
        "updated_at": moment(case.updated_at),
    }


def whole(session: Session, who: Actor, case: Case) -> dict[str, Any]:
    """A case with its forms and the steps from here, as this caller sees them."""
    given = reviews_of(session, case)
    mine = any(r.reviewer_id == who.user_id for r in given)
    may = who.user is not None and policy.may_see_reviews(who.user, case, reviewed_by_me=mine)
    score = average(given) if may else None
    mentor = case.holder("mentor")
    return summary(case) | {
        "mentor": {"name": mentor.name} if mentor else None,
        "score": None if score is None else str(score),
        "forms": case.forms,
        "transitions": [
            {
                "name": option.transition.name,
                "title": option.transition.title(locale()),
                "form": option.transition.form,
                "note": option.transition.note,
                "allowed": option.allowed,
                "reasons": [{"guard": r.guard, "message": r.message, "fix": r.fix} for r in option.reasons],
            }
            for option in commands.options(session, who, case)
        ],
    }


def event(row: Event, user: User, case: Case | None) -> dict[str, Any]:
    """An event; what people wrote only where the caller may read it."""
    content = dict(row.content or {})
    content.pop("salt", None)
    hidden = row.name == "case.reviewed" and row.actor_id != user.id
    if hidden and (case is None or not policy.may_see_reviews(user, case, reviewed_by_me=False)):
        content = {}
    return {
        "id": row.id,
        "seq": row.seq,
        "name": row.name,
        "role": row.role,
        "at": moment(row.at),
        "data": row.data,
        "content": content or None,
        "hash": row.hash,
    }


def email(row: Email) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "subject": row.subject,
        "message_id": row.message_id,
        "attempts": row.attempts,
        "created_at": moment(row.created_at),
        "sent_at": moment(row.done_at),
        "unknown_at": moment(row.unknown_at),
        "parked_at": moment(row.parked_at),
    }
