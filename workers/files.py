"""What a worker does every night for the files' sake: look at each of them. A scan; any number may ask."""

import time

import structlog

from workers.office import Office
from workflow import file_check, quarantine, uploads
from workflow.depot import StorageAway, depot_of

TURN_SECONDS = 20.0
"""Of one turn; the next one goes on where it ended."""

LATE_AT_ONCE = 200

log = structlog.get_logger()


def check(office: Office) -> int | None:
    """Go on with the night's check for a while; its id once it is through, else None."""
    _look_late(office)
    _let_go(office)
    with office.database.write() as session:
        check_id = file_check.begin(session, office.clock())
    if check_id is None:
        return None
    depot, ends_at, more = depot_of(office.settings), time.monotonic() + TURN_SECONDS, True
    try:
        while more and time.monotonic() < ends_at:
            more = file_check.portion(office.database, depot, check_id, office.clock())
    except (OSError, StorageAway) as fault:
        log.warning("files could not be checked", error=repr(fault))
    with office.database.write() as session:
        file_check.release(session, check_id)
    return None if more else check_id


def _look_late(office: Office) -> None:
    """Files that came before a scanner was set, or whose pictures were lost, are looked at now."""
    with office.database.read() as session:
        late = quarantine.overlooked(session, office.settings, LATE_AT_ONCE)
    if late:
        with office.database.write() as session:
            for handler, file_id in late:
                quarantine.owe_look(session, handler, file_id, office.clock())


def _let_go(office: Office) -> None:
    """Uploads that nobody went on with."""
    with office.database.write() as session:
        uploads.expire(session, depot_of(office.settings), office.clock())
