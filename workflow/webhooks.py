"""Webhooks: who is told of which events, what exactly is sent, and when an address is given up.

Signed by the Standard Webhooks specification (https://www.standardwebhooks.com). A message names a case,
its states and a link; neither people nor what they wrote nor scores are in it.
"""

import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session
from standardwebhooks import Webhook as Signer

from workflow import delivery
from workflow.addresses import Network, is_public, is_within
from workflow.db import canonical, owe
from workflow.errors import Invalid, NotFound, Problem, Reason, Refused
from workflow.ledger import Actor
from workflow.models import Case, Event, Job, Webhook, WebhookTry
from workflow.nip import Seal
from workflow.secret import secret_of
from workflow.settings import Settings
from workflow.topics import TOPICS

PURPOSE = "webhook"
SECRET_BYTES = 32
BOTH_SIGN = timedelta(hours=24)
"""How long the secret of before signs too, so that a receiver can change over without a gap."""

PARKED_MOST = 10
KEEP_TRIES = timedelta(days=30)
TRIES_SHOWN = 50
LONGEST_URL = 500
GONE = 410
TEST = "webhook.test"


@dataclass(frozen=True)
class Parcel:
    """One message as it goes out; its id is the same at every try."""

    url: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """How a try went: a status where the receiver answered, an error where it was not taken."""

    status: int | None
    error: str | None
    milliseconds: int


class Unsealable(Exception):
    """The secret was sealed with another SECRET_KEY."""

    def __str__(self) -> str:
        return "rahasia tidak terbuka dengan SECRET_KEY yang sekarang; ganti rahasia di halaman webhook"


# --- what an admin does -------------------------------------------------------------------------------


def add(
    session: Session, actor: Actor, settings: Settings, url: str, topics: list[str]
) -> tuple[Webhook, str]:
    """A new address and its secret, which is never told again. Raises Invalid."""
    problems = url_problems(url, settings.webhook_networks)
    if any(topic not in TOPICS for topic in topics):
        problems.append(Problem("/topics", "Pilih jenis peristiwa yang tersedia."))
    if problems:
        raise Invalid(problems)
    secret = _new_secret()
    hook = Webhook(
        url=url,
        topics=sorted(set(topics)),
        secret=_seal(settings).seal(secret),
        created_by=actor.user_id,
        created_at=actor.at,
    )
    session.add(hook)
    session.flush()
    return hook, secret


def set_topics(session: Session, hook_id: int, topics: list[str]) -> None:
    """Choose anew which events are told, from now on. Raises Invalid."""
    if any(topic not in TOPICS for topic in topics):
        raise Invalid([Problem("/topics", "Pilih jenis peristiwa yang tersedia.")])
    locked(session, hook_id).topics = sorted(set(topics))


def rotate(session: Session, actor: Actor, settings: Settings, hook_id: int) -> str:
    """A new secret, told this once; the one of before goes on signing for BOTH_SIGN."""
    hook, secret = locked(session, hook_id), _new_secret()
    hook.previous_secret, hook.rotated_at = hook.secret, actor.at
    hook.secret = _seal(settings).seal(secret)
    return secret


def switch_off(session: Session, hook: Webhook, now: datetime, reason: str | None = None) -> None:
    """Stop sending there. What is owed is dropped, or parked where the system itself gave a `reason`."""
    hook.off_at, hook.off_reason = now, reason
    session.execute(
        update(Job)
        .where(Job.webhook_id == hook.id, delivery.is_open(Job))
        .where((Job.leased_until.is_(None)) | (Job.leased_until < now))
        .values(_set_aside(hook, now))
    )


def settle_off(hook: Webhook) -> None:
    """A person agrees that it stays off: no longer something to see to."""
    hook.off_reason = None


def switch_on(session: Session, hook: Webhook, now: datetime) -> int:
    """Send there again, all that was parked included; how many those are."""
    hook.off_at, hook.off_reason = None, None
    parked = select(Job.id).where(
        Job.webhook_id == hook.id, Job.parked_at.is_not(None), Job.done_at.is_(None), Job.dropped_at.is_(None)
    )
    return sum(
        delivery.retry(session, "job", job_id, now) for job_id in session.scalars(parked.order_by(Job.id))
    )


def owe_test(session: Session, hook: Webhook, now: datetime) -> None:
    """Owe a test message; it is tried once. Raises Refused where the address is off."""
    if hook.off_at is not None:
        raise Refused([Reason("webhook_off", "Nyalakan alamat ini terlebih dahulu.")])
    job = Job(webhook_id=hook.id, handler=f"webhook:{hook.id}", due_at=now, created_at=now)
    session.add(job)
    session.flush()
    owe(session, "webhook", job.id)


def url_problems(url: str, private: tuple[Network, ...]) -> list[Problem]:
    """What can be told from the address alone; what its name resolves to is checked at every try."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.username is not None or len(url) > LONGEST_URL or not url.isascii() or " " in url:
        return [Problem("/url", "Isi alamat lengkap, misalnya https://contoh.go.id/webhook.")]
    if parts.scheme != "https" and not (parts.scheme == "http" and private):
        return [Problem("/url", "Alamat harus diawali https://.")]
    try:
        address = ip_address(host)
    except ValueError:
        return []
    if not is_public(address) and not is_within(address, private):
        return [Problem("/url", "Alamat jaringan internal hanya boleh bila tercantum dalam WEBHOOK_PRIVATE.")]
    return []


# --- what a page shows --------------------------------------------------------------------------------


def every(session: Session) -> list[tuple[Webhook, WebhookTry | None, int]]:
    """All addresses with their last try and how many messages are parked, oldest first."""
    last = select(func.max(WebhookTry.id)).group_by(WebhookTry.webhook_id)
    tries = {t.webhook_id: t for t in session.scalars(select(WebhookTry).where(WebhookTry.id.in_(last)))}
    parked: dict[int | None, int] = {
        row[0]: row[1]
        for row in session.execute(
            select(Job.webhook_id, func.count()).where(*_parked()).group_by(Job.webhook_id)
        )
    }
    hooks = session.scalars(select(Webhook).order_by(Webhook.id))
    return [(hook, tries.get(hook.id), parked.get(hook.id, 0)) for hook in hooks]


def tries(session: Session, hook_id: int) -> list[tuple[WebhookTry, str | None, str | None]]:
    """The last tries, newest first, with the event's name and the case's number; neither for a test."""
    rows = session.execute(
        select(WebhookTry, Event.name, Case.number)
        .join(Job, Job.id == WebhookTry.job_id)
        .outerjoin(Event, Event.id == Job.event_id)
        .outerjoin(Case, Case.id == Event.case_id)
        .where(WebhookTry.webhook_id == hook_id)
        .order_by(WebhookTry.id.desc())
        .limit(TRIES_SHOWN)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def count_parked(session: Session, hook_id: int) -> int:
    query = select(func.count()).select_from(Job).where(Job.webhook_id == hook_id, *_parked())
    return session.scalar(query) or 0


def locked(session: Session, hook_id: int) -> Webhook:
    """The row, ours until the commit; before any of its jobs, so that nobody waits in a circle."""
    query = select(Webhook).where(Webhook.id == hook_id).with_for_update(key_share=True)
    hook = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if hook is None:
        raise NotFound
    return hook


# --- what a worker does -------------------------------------------------------------------------------


def parcel(session: Session, job_id: int, settings: Settings, signed_at: datetime) -> Parcel | None:
    """What is to be sent for a job; None where its address is off. Raises Unsealable.

    `signed_at` is the real time, whatever a demo's clock says: receivers compare it with their own.
    """
    job = session.get_one(Job, job_id)
    hook = session.get_one(Webhook, job.webhook_id)
    if hook.off_at is not None:
        return None
    message_id, content = _message(session, job, settings.address)
    body = canonical(content)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Loncatan-Webhook",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": " ".join(
            Signer(secret).sign(message_id, signed_at.astimezone(UTC), body)
            for secret in _secrets(hook, settings, signed_at)
        ),
    }
    return Parcel(hook.url, headers, body.encode())


def set_aside(session: Session, job: Job, hook: Webhook, now: datetime) -> None:
    """A job whose address went off while it waited."""
    session.execute(update(Job).where(Job.id == job.id).values(_set_aside(hook, now)))


def note(session: Session, hook: Webhook, job: Job, answer: Answer, now: datetime) -> None:
    """Write a try into the log; old ones leave it."""
    session.execute(
        delete(WebhookTry).where(WebhookTry.webhook_id == hook.id, WebhookTry.at < now - KEEP_TRIES)
    )
    session.add(
        WebhookTry(
            webhook_id=hook.id,
            job_id=job.id,
            number=job.attempts,
            at=now,
            status=answer.status,
            milliseconds=answer.milliseconds,
            error=answer.error,
        )
    )
    session.flush()


def judge(session: Session, hook: Webhook, answer: Answer, now: datetime) -> None:
    """Switch an address off that is gone for good, or at which too much was parked."""
    if hook.off_at is not None:
        return
    if answer.status == GONE:
        switch_off(session, hook, now, "Penerima menjawab 410: alamat ini sudah tidak ada.")
    elif count_parked(session, hook.id) >= PARKED_MOST:
        switch_off(session, hook, now, f"{PARKED_MOST} kiriman gagal terus dan menunggu keputusan.")


def _message(session: Session, job: Job, address: str) -> tuple[str, dict[str, Any]]:
    """Id and content. The id holds a piece of the event's hash: ids of events come again after a restore."""
    if job.event_id is None:
        content = {"type": TEST, "timestamp": _moment(job.created_at), "data": {}}
        return f"test_{job.id}_{int(job.created_at.timestamp())}", content
    event = session.get_one(Event, job.event_id)
    number = session.scalars(select(Case.number).where(Case.id == event.case_id)).one()
    stays = event.data.get("state")
    data = {
        "id": event.id,
        "number": number,
        "state_before": event.data.get("from", stays),
        "state_after": event.data.get("to", stays),
        "url": f"{address}/usulan/{number}",
    }
    content = {"type": event.name, "timestamp": _moment(event.at), "data": data}
    return f"evt_{event.id}_{event.hash[:16]}", content


def _secrets(hook: Webhook, settings: Settings, now: datetime) -> list[str]:
    sealed = [hook.secret]
    if hook.previous_secret and hook.rotated_at and now < hook.rotated_at + BOTH_SIGN:
        sealed.append(hook.previous_secret)
    seal = _seal(settings)
    found = [secret for secret in map(seal.open, sealed) if secret is not None]
    if len(found) < len(sealed):
        raise Unsealable
    return found


def _set_aside(hook: Webhook, now: datetime) -> dict[str, object]:
    if hook.off_reason:
        return {"parked_at": now, "leased_until": None, "error": hook.off_reason}
    return {"dropped_at": now, "leased_until": None, "error": "Alamat webhook dimatikan."}


def _parked() -> tuple[Any, ...]:
    return (Job.parked_at.is_not(None), Job.dropped_at.is_(None), Job.done_at.is_(None))


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _seal(settings: Settings) -> Seal:
    return Seal(secret_of(settings), PURPOSE)
