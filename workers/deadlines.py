"""The scan for deadlines whose moment has come. Idempotent: any number of beats may ask for it."""

from workers.digests import gather
from workers.office import Office
from workflow import commands, deadlines, sign_ins
from workflow.exports import orders
from workflow.ledger import Actor


def scan(office: Office) -> int:
    """Fire every due deadline, begin every absence, write every digest, each in its own transaction.

    Forgets what is old.
    """
    forget_sign_ins(office)
    expire_exports(office)
    gather(office)
    fired = begin_absences(office)
    while True:
        with office.database.read() as session:
            waiting = [row.id for row in deadlines.due(session, office.clock())]
        done = [deadline_id for deadline_id in waiting if fire(office, deadline_id)]
        fired += len(done)
        if not done:
            return fired


def begin_absences(office: Office) -> int:
    """Hand on the work of reviewers whose absence has begun; how many assignments."""
    with office.database.read() as session:
        begun = commands.due_substitutes(session, office.clock())
    moved = 0
    for row_id in begun:
        with office.database.write() as session:
            moved += commands.begin_substitute(session, row_id, Actor(None, office.clock()))
    return moved


def fire(office: Office, deadline_id: int) -> bool:
    with office.database.write() as session:
        return commands.fire_deadline(session, deadline_id, Actor(None, office.clock())) is not None


def expire_exports(office: Office) -> None:
    with office.database.read() as session:
        if not orders.outdated(session, office.clock()):
            return
    with office.database.write() as session:
        orders.expire(session, office.clock())


def forget_sign_ins(office: Office) -> None:
    with office.database.read() as session:
        if not sign_ins.outdated(session, office.clock()):
            return
    with office.database.write() as session:
        sign_ins.forget(session, office.clock())
