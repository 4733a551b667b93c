"""The scan for deadlines whose moment has come. Idempotent: any number of beats may ask for it."""

from workers.office import Office
from workflow import commands, deadlines, sign_ins
from workflow.ledger import Actor


def scan(office: Office) -> int:
    """Fire every due deadline, each in its own transaction; how many were fired. Forgets old sign-ins."""
    forget_sign_ins(office)
    fired = 0
    while True:
        with office.database.read() as session:
            waiting = [row.id for row in deadlines.due(session, office.clock())]
        done = [deadline_id for deadline_id in waiting if fire(office, deadline_id)]
        fired += len(done)
        if not done:
            return fired


def fire(office: Office, deadline_id: int) -> bool:
    with office.database.write() as session:
        return commands.fire_deadline(session, deadline_id, Actor(None, office.clock())) is not None


def forget_sign_ins(office: Office) -> None:
    with office.database.read() as session:
        if not sign_ins.outdated(session, office.clock()):
            return
    with office.database.write() as session:
        sign_ins.forget(session, office.clock())
