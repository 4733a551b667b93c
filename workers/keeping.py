"""What a worker does every day for the chain's sake: anchor its head outside the database, and verify it.

Both are scans like that for deadlines: any number of beats may ask for them.
"""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workers import mail
from workers.office import Office
from workflow import anchors, audit, dates
from workflow.anchors import Anchored, WrongAnchors
from workflow.audit import START, Mark, Verdict
from workflow.calendar import wib_date
from workflow.clock import WIB
from workflow.db import owe
from workflow.models import Anchor, Chain, Email, Grant, User, Verification

NIGHT_HOUR = 1
GIVEN_UP_AFTER = timedelta(hours=1)
FULL_EVERY = timedelta(days=7)

log = structlog.get_logger()


def anchor(office: Office) -> bool:
    """Anchor this day's head once: a signed row, the mails it owes, then the file. True if done now.

    The file is completed from the rows on every call, so that a crash between the two loses nothing.
    """
    now = office.clock()
    with office.database.read() as session:
        end, _last = audit.head(session)
        owed = anchors.due(anchors.newest(session), end, wib_date(now))
    if owed:
        key = anchors.private_key(office.settings.signing_key)
        with office.database.write() as session:
            taken = anchors.take(session, key, now)
            if taken is not None:
                _owe_mails(office, session, taken, now)
                log.info("chain anchored", position=taken.position)
    _file(office, now)
    return owed


def _file(office: Office, now: datetime) -> None:
    with office.database.read() as session:
        rows = anchors.in_order(session)
    if not rows:
        return
    anchors.file(office.settings.anchors, rows)
    unfiled = [row.id for row in rows if row.filed_at is None]
    if unfiled:
        with office.database.write() as session:
            session.execute(update(Anchor).where(Anchor.id.in_(unfiled)).values(filed_at=now))


def _owe_mails(office: Office, session: Session, taken: Anchor, now: datetime) -> None:
    """To the operator and every auditor."""
    domain = urlsplit(office.settings.address).hostname or "loncatan"
    for number, (address, locale, user_id) in enumerate(guardians(office, session, "auditor")):
        day = dates.long_date(taken.day)
        context = {
            "facts": day,
            "day": day,
            "position": dates.thousands(taken.position),
            "line": anchors.line(taken).strip(),
            "url": f"{office.settings.address}/audit",
        }
        letter = mail.render_system("anchor", locale, context)
        email = Email(
            event_id=None,
            recipient_id=user_id,
            kind="anchor",
            to_address=address,
            message_id=f"<anchor.{taken.day.isoformat()}.{user_id or f'o{number}'}@{domain}>",
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            on_unknown=letter.on_unknown,
            due_at=now,
            created_at=now,
        )
        session.add(email)
        session.flush()
        owe(session, "email", email.id)


def guardians(office: Office, session: Session, *roles: str) -> list[tuple[str, str, int | None]]:
    """Address, locale and account of the operator, by setting or by role, and of whoever has the roles."""
    operator = office.settings.operator_email
    wanted = roles if operator else (*roles, "admin")
    held = select(Grant.user_id).where(Grant.role.in_(wanted))
    users = session.scalars(select(User).where(User.id.in_(held), User.active).order_by(User.id)).unique()
    found: list[tuple[str, str, int | None]] = [(user.email, user.locale, user.id) for user in users]
    return [(operator, "id", None), *(g for g in found if g[0] != operator)] if operator else found


def verify(office: Office) -> Verdict | None:
    """Verify the chain once a night, from the last anchor on, and wholly once a week; None if not due."""
    now = office.clock()
    begun = _begin(office, now)
    if begun is None:
        return None
    verdict = _verdict(office, begun)
    with office.database.write() as session:
        row = session.get_one(Verification, begun.id)
        row.finished_at, row.intact, row.ends = office.clock(), verdict.intact, verdict.events
        row.event_id, row.fault = verdict.event_id, verdict.fault
    if not verdict.intact:
        log.error("chain broken", at_event=verdict.event_id, fault=verdict.fault)
    return verdict


def _begin(office: Office, now: datetime) -> Verification | None:
    """Claim the night's verification; None if it is done, running or not yet time."""
    with office.database.read() as session:
        if not _is_due(session, now):
            return None
    with office.database.write() as session:
        session.execute(select(Chain.id).where(Chain.id == 1).with_for_update())
        if not _is_due(session, now):
            return None
        end, _last = audit.head(session)
        row = Verification(started_at=now, begins=_since(session, now), ends=end.position)
        session.add(row)
        session.flush()
        return row


def _is_due(session: Session, now: datetime) -> bool:
    last = session.scalars(select(Verification).order_by(Verification.id.desc()).limit(1)).one_or_none()
    if last is None or (last.finished_at is None and now - last.started_at > GIVEN_UP_AFTER):
        return audit.head(session)[0].position > 0
    local = now.astimezone(WIB)
    return wib_date(last.started_at) < wib_date(now) and local.hour >= NIGHT_HOUR


def _since(session: Session, now: datetime) -> int:
    """The last anchor up to which the chain was found intact; 0 where all of it is due again."""
    intact = select(Verification).where(Verification.intact).order_by(Verification.id.desc())
    last = session.scalars(intact.limit(1)).one_or_none()
    whole = session.scalars(intact.where(Verification.begins == 0).limit(1)).one_or_none()
    if last is None or whole is None or now - whole.started_at >= FULL_EVERY:
        return 0
    anchored = select(Anchor.position).where(Anchor.position <= last.ends).order_by(Anchor.id.desc())
    return session.scalar(anchored.limit(1)) or 0


def _verdict(office: Office, begun: Verification) -> Verdict:
    """Against the anchors in the file where this machine has it, else against those in the database."""
    try:
        marks = [anchored.mark for anchored in filed(office)]
    except WrongAnchors as fault:
        return Verdict(0, str(fault))
    with office.database.snapshot() as session:
        marks = marks or [Mark(row.position, row.hash) for row in anchors.in_order(session)]
        since = next((mark for mark in marks if mark.position == begun.begins), START)
        return audit.verify(session, since, marks)


def filed(office: Office) -> list[Anchored]:
    """The anchors in this machine's file; none if there is no file. Raises WrongAnchors."""
    path = office.settings.anchors / anchors.FILE
    if not path.exists() or not office.settings.signing_key.exists():
        return []
    return anchors.read(path, {anchors.public_text(anchors.private_key(office.settings.signing_key))})
