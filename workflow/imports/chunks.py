"""The work itself, a chunk at a time: each is one transaction, so a killed worker loses and doubles nothing.

A chunk takes the next rows that wait, whichever they are, and owes the next chunk with its own commit.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import ModuleType

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import commands
from workflow.imports import cohort, desk, registry
from workflow.imports.rows import Verdict
from workflow.ledger import Actor
from workflow.models import Case, Import, ImportRow, User
from workflow.nip import Seal

CHECK_ROWS, RUN_ROWS, UNDO_ROWS = 250, 100, 100
KINDS: Mapping[str, ModuleType] = {"cohort": cohort, "registry": registry}
ROLES = {"cohort": ("organiser", "coordinator"), "registry": ("coordinator",)}

Chunk = Callable[[Session, Import, Seal, datetime], None]


def check(session: Session, made: Import, seal: Seal, now: datetime) -> None:
    """Judge the next rows and change nothing else."""
    rows = _next(session, made, "new", CHECK_ROWS)
    for verdict in _judged(session, made, rows, seal, now):
        _note(verdict)
    if _more(session, made, "new"):
        desk.work(session, made, now)
    elif made.dry_run:
        made.state, made.finished_at = "checked", now
    else:
        made.state, made.started_at = "running", now
        desk.work(session, made, now)


def run(session: Session, made: Import, seal: Seal, now: datetime) -> None:
    """Bring in the next rows that are ready, judged once more against what came in meanwhile."""
    rows = _next(session, made, "ready", RUN_ROWS)
    verdicts = _judged(session, made, rows, seal, now)
    arrivals = KINDS[made.kind].arrivals(session, made, verdicts, seal, now)
    actor, role = _actor(session, made, made.created_by, now)
    cases = commands.receive(session, actor, role, list(arrivals.values()))
    made_of = dict(zip(arrivals, cases, strict=True))
    for verdict in verdicts:
        _note(verdict)
        case = made_of.get(verdict.row.id)
        if case is not None:
            verdict.row.status, verdict.row.case_id = "done", case.id
    _finish(session, made, "ready", "done", now)


def undo(session: Session, made: Import, _seal: Seal, now: datetime) -> None:
    """Take the next cases back; those that somebody has worked on stay, and their rows say why."""
    rows = _next(session, made, "done", UNDO_ROWS)
    actor, role = _actor(session, made, made.undone_by, now)
    ids = [row.case_id for row in rows]
    found = session.scalars(select(Case).where(Case.id.in_(ids)).with_for_update(of=Case))
    reasons = commands.take_back(session, actor, role, list(found.unique()))
    for row in rows:
        reason = reasons.get(row.case_id or 0)
        row.status, row.note = ("kept", reason) if reason else ("undone", None)
    made.undone_at = now
    _finish(session, made, "done", "undone", now)


CHUNKS: Mapping[str, tuple[str, Chunk]] = {
    desk.CHECK: ("checking", check),
    desk.RUN: ("running", run),
    desk.UNDO: ("undoing", undo),
}


def work(session: Session, import_id: int, handler: str, seal: Seal, now: datetime) -> None:
    """Do the chunk that a job stands for; nothing where the import has gone on without it."""
    made = (
        session.scalars(select(Import).where(Import.id == import_id).with_for_update(of=Import))
        .unique()
        .one()
    )
    state, chunk = CHUNKS[handler]
    if made.state == state:
        chunk(session, made, seal, now)


def _judged(
    session: Session, made: Import, rows: Sequence[ImportRow], seal: Seal, now: datetime
) -> list[Verdict]:
    if not rows:
        return []
    with session.no_autoflush:
        found: list[Verdict] = KINDS[made.kind].judge(session, made, rows, seal, now)
    return found


def _note(verdict: Verdict) -> None:
    row = verdict.row
    row.status, row.document, row.findings = verdict.status, verdict.document, verdict.findings
    row.remarked = any(f["level"] == "remark" for f in verdict.findings)
    row.key = verdict.key


def _next(session: Session, made: Import, status: str, limit: int) -> list[ImportRow]:
    query = select(ImportRow).where(ImportRow.import_id == made.id, ImportRow.status == status)
    return list(session.scalars(query.order_by(ImportRow.row).limit(limit)))


def _more(session: Session, made: Import, status: str) -> bool:
    session.flush()
    return bool(_next(session, made, status, 1))


def _finish(session: Session, made: Import, status: str, state: str, now: datetime) -> None:
    if _more(session, made, status):
        desk.work(session, made, now)
    else:
        made.state, made.finished_at = state, now


def _actor(session: Session, made: Import, user_id: int | None, now: datetime) -> tuple[Actor, str]:
    user = session.get(User, user_id) if user_id else None
    held = [role for role in ROLES[made.kind] if user and role in user.global_roles]
    return Actor(user, now), held[0] if held else "system"
