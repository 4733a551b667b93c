"""What assignment rests on: a person's agency, expertise, former posts, and the end of their access."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.calendar import end_of
from workflow.commands.assignment import lock_people, recheck_people
from workflow.errors import Forbidden, Invalid, NotFound, Problem
from workflow.ledger import Actor
from workflow.models import Agency, User
from workflow.validation import problems


def set_profile(session: Session, actor: Actor, user_id: int, document: Mapping[str, Any]) -> User:
    """Keep a profile (`schemas/api/reviewer_profile.json`); `access_until` ends at 23.59 WIB.

    Assignments that the change turns into conflicts of interest end at once. Raises Invalid.
    """
    if actor.user is None or not policy.may_edit_reviewers(actor.user):
        raise Forbidden
    user = lock_people(session, {user_id}).get(user_id)
    if user is None:
        raise NotFound
    faults = problems("reviewer_profile", document, actor.locale)
    named = {document.get("agency"), *(p.get("agency") for p in document.get("former_posts", []))} - {None}
    known = {a.code: a for a in session.scalars(select(Agency).where(Agency.code.in_(named)))}
    faults += _unknown(document, known) if not faults else []
    if faults:
        raise Invalid(faults, dict(document))
    user.agency = known.get(document.get("agency", ""))
    user.heads_agency = user.heads_agency and user.agency is not None
    user.expertise = dict(document["expertise"])
    user.former_posts = [dict(post) for post in document["former_posts"]]
    until = document.get("access_until")
    user.expires_at = end_of(date.fromisoformat(until)) if until else None
    session.flush()
    recheck_people(session, {user.id}, actor)
    return user


def _unknown(document: Mapping[str, Any], known: Mapping[str, Agency]) -> list[Problem]:
    found = []
    if document.get("agency") and document["agency"] not in known:
        found.append(Problem("/agency", "Instansi ini tidak dikenal."))
    for index, post in enumerate(document["former_posts"]):
        if post["agency"] not in known:
            found.append(Problem(f"/former_posts/{index}/agency", "Instansi ini tidak dikenal."))
    return found
