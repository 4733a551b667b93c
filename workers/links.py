"""Whether an assessor could open the links that prove something: asked from outside, without signing in.

A scan; any number may ask. Internal networks are out of reach as for webhooks, whatever a link redirects to.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urljoin, urlsplit

import structlog
from sqlalchemy import or_, select, update

from workers.office import Office
from workers.outward import Unreachable, ask
from workflow.addresses import Network
from workflow.calendar import wib_date
from workflow.definition import process
from workflow.models import Case, IndicatorClaim
from workflow.models.entries import ALIVE, DEAD, MOVED, PRIVATE, SILENT

AT_ONCE, HOPS, LIMIT = 5, 5, 15.0
HELD, AGAIN, SOON = timedelta(minutes=10), timedelta(days=7), timedelta(days=1)
AGENT = {"User-Agent": "Loncatan (pemeriksaan tautan bukti)", "Accept": "*/*"}
YOUTUBE = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"})
OEMBED = "https://www.youtube.com/oembed?format=json&url="
"""YouTube answers 200 for a video that is gone; its oEmbed (oembed.com) says 401 private, 404 gone."""
DOORS = ("accounts.google.com", "login.microsoftonline.com", "login.live.com")
LASTING = frozenset({301, 308})
REDIRECTS = LASTING | {302, 303, 307}
CLOSED, GONE = frozenset({401, 403}), frozenset({400, 404, 410})

log = structlog.get_logger()


@dataclass(frozen=True)
class Looked:
    """How a link was found: a state, and what there is to say: a status, a reason, the new address."""

    state: str
    note: str


def check(office: Office, private: tuple[Network, ...] = ()) -> int:
    """Look at the next few links that are due; how many."""
    for count in range(AT_ONCE):
        taken = _take(office)
        if taken is None:
            return count
        claim_id, link = taken
        looked = look(link, private)
        log.info("link", claim_id=claim_id, state=looked.state)
        now = office.clock()
        with office.database.write() as session:
            change = update(IndicatorClaim).where(IndicatorClaim.id == claim_id, IndicatorClaim.link == link)
            session.execute(
                change.values(
                    link_state=looked.state,
                    link_note=looked.note[:500],
                    link_checked_on=wib_date(now),
                    link_due_at=now + (SOON if looked.state == SILENT else AGAIN),
                )
            )
    return AT_ONCE


def _take(office: Office) -> tuple[int, str] | None:
    """The next link that is due, held for a while; those of frozen entries are let go for good."""
    now = office.clock()
    due = select(IndicatorClaim, Case).join(Case, Case.id == IndicatorClaim.case_id)
    due = due.where(
        IndicatorClaim.link.is_not(None),
        or_(IndicatorClaim.link_due_at <= now, IndicatorClaim.link_due_at > now + 2 * AGAIN),
    )
    with office.database.write() as session:
        rows = session.execute(
            due.order_by(IndicatorClaim.link_due_at, IndicatorClaim.id)
            .limit(AT_ONCE)
            .with_for_update(of=IndicatorClaim, skip_locked=True)
        )
        for claim, case in rows.unique().all():
            if process(case.process).states[case.state].levels is None:
                claim.link_due_at = None
                continue
            claim.link_due_at = now + HELD
            return claim.id, claim.link or ""
    return None


def look(link: str, private: tuple[Network, ...] = ()) -> Looked:
    """How a link answers to somebody who is signed in nowhere; never raises for what is out there."""
    if _host(link) in YOUTUBE:
        return _looked(OEMBED + quote(link, safe=""), private)
    return _looked(link, private)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _looked(link: str, private: tuple[Network, ...]) -> Looked:
    here, lasting, ends_at = link, False, time.monotonic() + LIMIT
    for _hop in range(HOPS + 1):
        try:
            answer = ask("GET", here, AGENT, b"", private, ends_at - time.monotonic(), plain=True)
            target = urljoin(here, answer.location) if answer.location else ""
        except (Unreachable, ValueError) as fault:
            return Looked(SILENT, str(fault))
        if answer.status not in REDIRECTS or not target:
            return _judged(answer.status, here if lasting else "")
        if _host(target) in DOORS:
            return Looked(PRIVATE, "meminta masuk akun")
        lasting = lasting or answer.status in LASTING
        here = target
    return Looked(SILENT, "terlalu banyak pengalihan")


def _judged(status: int, moved_to: str) -> Looked:
    if status in CLOSED:
        return Looked(PRIVATE, f"dijawab {status}")
    if status in GONE:
        return Looked(DEAD, f"dijawab {status}")
    if not 200 <= status < 300:  # noqa: PLR2004
        return Looked(SILENT, f"dijawab {status}")
    return Looked(MOVED, moved_to) if moved_to else Looked(ALIVE, "")
