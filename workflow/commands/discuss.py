"""Saying something about a case. A message changes nothing: whoever is writing a form is not disturbed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from workflow import discussion, policy
from workflow.commands.find import find
from workflow.errors import Forbidden, Invalid, NotFound, Problem
from workflow.ledger import Actor, record
from workflow.models import Attachment, Case, Event, User
from workflow.people import find_user
from workflow.quarantine import infected_by, know
from workflow.validation import require


@dataclass(frozen=True)
class NewAttachment:
    """A file already in the store that goes with a message."""

    file_name: str
    media_type: str
    size: int
    sha256: str


def discuss(
    session: Session,
    actor: Actor,
    number: str,
    document: Mapping[str, Any],
    files: Sequence[NewAttachment] = (),
) -> Event:
    """Say it (schema `message_create`) to an audience one belongs to; who is meant gets a mail.

    `files` go to the same readers. Raises NotFound, Forbidden, or Invalid with every problem: also where
    a mentioned person would not be able to read it.
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
    _require_harmless(session, files)
    content: dict[str, Any] = {"note": document["text"], "mentions": mentions}
    if files:
        content["files"] = [{"file": f.file_name, "size": f.size, "sha256": f.sha256} for f in files]
    for file in files:
        know(session, actor.at, file.sha256, file.size, file.media_type)
    event = record(session, case, actor, role, discussion.SAID, {"audience": audience}, content, ["notify"])
    session.add_all(Attachment(event_id=event.id, case_id=case.id, **vars(file)) for file in files)
    return event


def _require_harmless(session: Session, files: Sequence[NewAttachment]) -> None:
    faults = [
        Problem("/file", f"{file.file_name}: {infected}")
        for file in files
        if (infected := infected_by(session, file.sha256))
    ]
    if len(files) > discussion.MOST_FILES:
        faults.append(Problem("/file", f"Paling banyak {discussion.MOST_FILES} berkas untuk satu pesan."))
    if len({file.sha256 for file in files}) < len(files):
        faults.append(Problem("/file", "Berkas yang sama dilampirkan dua kali."))
    if faults:
        raise Invalid(faults)


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
