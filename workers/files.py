"""What a worker does every night for the files' sake: look at each of them. A scan; any number may ask."""

import time

import structlog

from workers.office import Office
from workflow import file_check, quarantine
from workflow.depot import StorageAway, depot_of

TURN_SECONDS = 20.0
"""Of one turn; the next one goes on where it ended."""

LATE_AT_ONCE = 200

log = structlog.get_logger()


def check(office: Office) -> int | None:
    """Go on with the night's check for a while; its id once it is through, else None."""
    _scan_late(office)
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


def _scan_late(office: Office) -> None:
    """A scanner was set after files had come: they are scanned now, and served again once found clean."""
    if not office.settings.clamd_url:
        return
    with office.database.read() as session:
        late = quarantine.unscanned(session, 1)
    if late:
        with office.database.write() as session:
            quarantine.owe_late_scans(session, office.clock(), LATE_AT_ONCE)
