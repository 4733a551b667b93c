"""The rows as a table for people."""

from tests.faults.verdict import Row

NAME = 22
COLUMNS = {
    "hits": "hits",
    "cases": "cases",
    "asked": "asked",
    "acknowledged": "acked",
    "events": "events",
    "owed": "mails",
    "received": "arrived",
    "lost": "lost",
    "doubled": "doubled",
    "repeated": "again",
    "unknown": "unknown",
    "parked": "parked",
    "altered": "altered",
    "stall": "stall s",
    "recover": "recover s",
}


def head() -> str:
    return " ".join([f"{'scenario':<{NAME}}", *COLUMNS.values()])


def line(row: Row) -> str:
    """One row, and below it what is wrong and what is worth knowing."""
    if row.skipped:
        return f"{row.scenario:<{NAME}} skipped: {row.skipped}"
    cells = [f"{_text(getattr(row, name)):>{len(title)}}" for name, title in COLUMNS.items()]
    below = [f"    ! {fault}" for fault in row.faults] + [f"    · {note}" for note in row.notes]
    return "\n".join([" ".join([f"{row.scenario:<{NAME}}", *cells]), *below])


def _text(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
