"""The watch: notices what is stuck and tells the operator by a way of its own.

Neither broker nor jobs nor mail rows carry an alarm, for they may be what is stuck: a thread beside
every relay looks at the rows and talks to the mail server itself, or to a second one where
ALARM_SMTP_URL names it. Where no relay runs at all, `/readyz`, `/metrics` and the banner say so.
"""

import threading
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from sqlalchemy import or_, update

from workers import mail
from workers.keeping import guardians
from workers.office import Office
from workers.smtp import Ambiguous, NotSent, Outgoing, send
from workflow import alarms, dates
from workflow.ledger import sha256
from workflow.models import Incident

PERIOD = 30.0
TELLING = timedelta(minutes=2)
SMTP_TIMEOUT = 15
PAGES = {
    "anchor": "audit",
    "chain": "audit",
    "files": "audit",
    "webhook": "pengelola/webhook",
    "wording": "pengelola/surel",
}
"""Where an incident is seen to, if not on the delivery page."""

log = structlog.get_logger()


class Watch:
    """One watch of one process; several are harmless, each incident is told by one of them."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._before: frozenset[str] = frozenset()

    def look(self) -> None:
        """Open and close incidents, tell what is new; what is noticed counts from the second look on."""
        now = self._office.clock()
        with self._office.database.read() as session:
            found = alarms.noticed(session, now)
        lasting = {kind: detail for kind, detail in found.items() if kind in self._before}
        self._before = frozenset(found)
        with self._office.database.read() as session:
            unsolved = alarms.kinds_open(session)
        if {kind for kind in lasting if kind not in unsolved} or unsolved - set(found):
            still = {kind: detail for kind, detail in found.items() if kind in unsolved}
            with self._office.database.write() as session:
                alarms.settle(session, lasting | still, now)
        with self._office.database.read() as session:
            news = alarms.untold(session, now)
        for incident in news:
            self._tell(incident, now)

    def run(self, stop: threading.Event, period: float = PERIOD) -> None:
        """Look, wait, look; a fault is logged and outlived."""
        while not stop.wait(period):
            try:
                self.look()
            except Exception as fault:  # noqa: BLE001 - the watch must outlive what it watches
                log.warning("watch failed", error=repr(fault))

    def _tell(self, incident: Incident, now: datetime) -> None:
        over = incident.closed_at is not None
        if not self._take(incident.id, now):
            return
        log.error("incident over" if over else "incident", kind=incident.kind, detail=incident.detail)
        told = self._send(incident, over=over)
        values: dict[str, object] = {"taken_until": None if told else now + TELLING}
        if told:
            values["end_told_at" if over else "told_at"] = now
        with self._office.database.write() as session:
            session.execute(update(Incident).where(Incident.id == incident.id).values(values))

    def _take(self, incident_id: int, now: datetime) -> bool:
        claim = update(Incident).where(
            Incident.id == incident_id, or_(Incident.taken_until.is_(None), Incident.taken_until < now)
        )
        with self._office.database.write() as session:
            taken = claim.values(taken_until=now + TELLING).returning(Incident.id)
            return session.execute(taken).scalar() is not None

    def _send(self, incident: Incident, *, over: bool) -> bool:
        """True once a server took it for at least one of the operators, or nobody can be told."""
        settings = self._office.settings
        url = settings.alarm_smtp_url or settings.smtp_url
        with self._office.database.read() as session:
            people = guardians(self._office, session)
        if not url or not people:
            return False
        told = [self._send_one(url, address, locale, incident, over) for address, locale, _id in people]
        return any(told)

    def _send_one(self, url: str, address: str, locale: str, incident: Incident, over: bool) -> bool:  # noqa: FBT001
        settings = self._office.settings
        kind = "alarm_over" if over else "alarm"
        domain = urlsplit(settings.address).hostname or "loncatan"
        moment = incident.closed_at if over and incident.closed_at else incident.opened_at
        context = {
            "facts": dates.long_moment(moment),
            "what": alarms.KINDS[incident.kind],
            "detail": incident.detail,
            "since": dates.long_moment(incident.opened_at),
            "url": f"{settings.address}/{PAGES.get(incident.kind, 'pengiriman')}",
        }
        letter = mail.render_system(kind, locale, context)
        outgoing = Outgoing(
            message_id=f"<{kind}.{incident.id}.{sha256(address)[:12]}@{domain}>",
            sender=settings.mail_from,
            to_address=address,
            to_name="",
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
        )
        try:
            send(url, outgoing, timeout=SMTP_TIMEOUT)
        except Ambiguous:
            return True
        except NotSent as refusal:
            log.warning("alarm not sent", incident=incident.id, error=refusal.reason)
            return False
        return True
