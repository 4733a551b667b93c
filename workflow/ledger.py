"""The append-only record: one function writes events, chains them and owes the work they cause."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import topics, visits
from workflow.db import canonical, owe
from workflow.models import Case, Chain, Event, Job, User, Webhook

GENESIS = "0" * 64
_text = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Actor:
    """Who acts and when; without a user it is a worker."""

    user: User | None
    at: datetime
    locale: str = "id"

    @property
    def user_id(self) -> int | None:
        return self.user.id if self.user else None


def record(
    session: Session,
    case: Case,
    actor: Actor,
    role: str,
    name: str,
    data: dict[str, Any],
    content: dict[str, Any] | None = None,
    handlers: Iterable[str] = (),
) -> Event:
    """Append one event to a case and owe a job to each handler, all in the caller's transaction.

    From here to the commit the head of the chain is locked: call it last, and keep what follows short.
    """
    visits.follow(session, [(case, data)], actor.at)
    head, hooks = _head(session)
    event = _append(head, case, actor, role, name, data, content)
    session.add(event)
    jobs = [
        Job(event_id=event.id, handler=handler, due_at=actor.at, created_at=actor.at)
        for handler in dict.fromkeys(handlers)
    ]
    _owe(session, [*jobs, *_tellings(hooks, event)])
    return event


@dataclass(frozen=True)
class Entry:
    """One event of many that are appended at once."""

    case: Case
    role: str
    name: str
    data: dict[str, Any]
    content: dict[str, Any] | None = None


def record_all(session: Session, actor: Actor, entries: Iterable[Entry]) -> list[Event]:
    """Append one event to each of many cases, in order; owed is the telling of webhooks alone.

    Locks as `record` does.
    """
    held = list(entries)
    visits.follow(session, [(entry.case, entry.data) for entry in held], actor.at)
    head, hooks = _head(session)
    events = [_append(head, e.case, actor, e.role, e.name, e.data, e.content) for e in held]
    session.add_all(events)
    _owe(session, [job for event in events for job in _tellings(hooks, event)])
    return events


def _head(session: Session) -> tuple[Chain, list[Webhook]]:
    """The head of the chain, locked, and by the same question which webhooks are on."""
    rows = session.execute(
        select(Chain, Webhook)
        .outerjoin(Webhook, Webhook.off_at.is_(None))
        .where(Chain.id == 1)
        .order_by(Webhook.id)
        .with_for_update(of=Chain)
        .execution_options(populate_existing=True)
    ).all()
    hooks: list[Webhook | None] = [row[1] for row in rows]
    return rows[0][0], [hook for hook in hooks if hook is not None]


def _tellings(hooks: list[Webhook], event: Event) -> list[Job]:
    return [
        Job(
            event_id=event.id,
            webhook_id=hook.id,
            handler=f"webhook:{hook.id}",  # so that an event is owed to each of them once
            due_at=event.at,
            created_at=event.at,
        )
        for hook in hooks
        if topics.wanted(hook.topics, event.name)
    ]


def _owe(session: Session, jobs: list[Job]) -> None:
    session.add_all(jobs)
    session.flush()
    for job in jobs:
        owe(session, "job" if job.webhook_id is None else "webhook", job.id)


def _append(
    head: Chain,
    case: Case,
    actor: Actor,
    role: str,
    name: str,
    data: dict[str, Any],
    content: dict[str, Any] | None,
) -> Event:
    case.seq += 1
    case.updated_at = actor.at
    if content is not None:
        content = {**content, "salt": secrets.token_hex(16)}
    event = Event(
        id=head.position + 1,
        case_id=case.id,
        seq=case.seq,
        name=name,
        actor_id=actor.user_id,
        role=role,
        at=actor.at,
        data=data,
        content=content,
        content_hash=None if content is None else sha256(canonical(content)),
        previous_hash=head.hash,
        hash="",
    )
    event.hash = digest(event)
    head.position, head.hash = event.id, event.hash
    return event


def digest(event: Event) -> str:
    """SHA-256 of the event's canonical form, which includes its predecessor's hash."""
    return sha256(form(event, canonical(event.data)))


def form(event: Any, data: str) -> str:  # noqa: ANN401 - an Event or a row with the same names
    """The canonical form of an event whose `data` is canonical text already.

    Written out key by key because an audit needs it a million times; a test holds it to `canonical`.
    """
    actor = "null" if event.actor_id is None else event.actor_id
    content = "null" if event.content_hash is None else _text(event.content_hash)
    return (
        f'{{"actor":{actor},"at":"{event.at.astimezone(UTC).isoformat(timespec="microseconds")}"'
        f',"case":{event.case_id},"content":{content},"data":{data},"id":{event.id}'
        f',"name":{_text(event.name)},"previous":{_text(event.previous_hash)}'
        f',"role":{_text(event.role)},"seq":{event.seq}}}'
    )


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
