"""The scan for deadlines whose moment has come. Idempotent: any number of beats may ask for it."""

from workers.office import Office
from workflow import commands, deadlines
from workflow.ledger import Actor


def scan(office: Office) -> int:
    """Fire every due deadline, each in its own transaction; how many were fired."""
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
