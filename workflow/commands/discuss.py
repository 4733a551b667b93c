"""Saying something about a case. A message changes nothing: whoever is writing a form is not disturbed."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflow import discussion, policy
from workflow.commands.find import find
from workflow.errors import Forbidden, Invalid, NotFound, Problem
from workflow.ledger import Actor, record
from workflow.models import Case, Event, User
from workflow.people import find_user
from workflow.validation import require


def discuss(session: Session, actor: Actor, number: str, document: Mapping[str, Any]) -> Event:
    """Say it (schema `message_create`) to an audience one belongs to; who is meant gets a mail.

    Raises NotFound, Forbidden, or Invalid with every problem: also where a mentioned person would not be
    able to read it.
    """
    document = _stripped(document)
    require("message_create", document, actor.locale)
    case = find(session, actor, number, lock=True)
    user = actor.user
    if user is None:
        raise NotFound
    open_to = discussion.audiences(session, user, case)
    role = policy.speaks_as(user, case)
    if role is None or not open_to:
        raise Forbidden("Anda dapat membaca usulan ini, tetapi tidak ikut dalam diskusinya.")
    audience = document["audience"]
    if audience not in open_to:
        raise Invalid([Problem("/audience", "Pesan untuk kalangan ini tidak dapat Anda baca sendiri.")])
    mentions = _mentioned(session, case, audience, document.get("mentions", []))
    content = {"note": document["text"], "mentions": mentions}
    return record(session, case, actor, role, discussion.SAID, {"audience": audience}, content, ["notify"])


def _stripped(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Blanks around a message say nothing."""
    text = document.get("text")
    return {**document, "text": text.strip()} if isinstance(text, str) else document


def _mentioned(session: Session, case: Case, audience: str, addresses: list[str]) -> list[int]:
    """The ids of those who are named. Raises Invalid at each who does not read this audience."""
    readers = discussion.addressable(session, case, audience)
    found: list[User | None] = [find_user(session, address) for address in addresses]
    faults = [
        Problem(f"/mentions/{n}", f"{addresses[n]} tidak ikut membaca pesan untuk kalangan ini.")
        for n, user in enumerate(found)
        if user is None or user not in readers
    ]
    if faults:
        raise Invalid(faults)
    return [user.id for user in found if user is not None]
