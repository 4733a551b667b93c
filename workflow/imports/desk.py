"""What people do with an import: hand it in, settle its columns, start it, undo it. Rows first, work owed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from workflow import delivery, policy
from workflow.db import owe
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Reason, Refused
from workflow.imports import columns
from workflow.imports.rows import sealed
from workflow.imports.sheet import Sheet
from workflow.ledger import Actor
from workflow.models import Agency, Import, ImportMapping, ImportRow, Job
from workflow.nip import Seal

CHECK, RUN, UNDO = "import_check", "import_run", "import_undo"
WORKING = {"checking": CHECK, "running": RUN, "undoing": UNDO}
BATCH = 1000


@dataclass(frozen=True)
class Order:
    """What somebody wants of a file. Without `kind` the headings decide, without `mapping` we guess."""

    kind: str | None = None
    dry_run: bool = True
    mapping: Mapping[str, int] | None = None
    cohort: str | None = None


def begin(session: Session, actor: Actor, sheet: Sheet, order: Order, seal: Seal) -> Import:
    """Keep a file's rows and what its columns seem to be; nothing is checked yet. Raises Forbidden."""
    kind = order.kind or columns.likely_kind(sheet.headings)
    require_kind(actor, kind)
    made = Import(
        kind=kind,
        state="mapping",
        dry_run=order.dry_run,
        file_name=sheet.file_name,
        file_type=sheet.file_type,
        file_size=sheet.size,
        sha256=sheet.sha256,
        sheet=sheet.name[:200],
        heading_row=sheet.heading_row,
        headings=sheet.headings,
        mapping=_remembered(session, kind, sheet.headings),
        options={"cohort": order.cohort} if order.cohort else {},
        total=len(sheet.rows),
        created_by=actor.user_id,
        created_at=actor.at,
    )
    session.add(made)
    session.flush()
    rows = [
        {"import_id": made.id, "row": number, "cells": sealed(texts, seal), "status": "new", "findings": [],
         "remarked": False}
        for number, texts in sheet.rows
    ]  # fmt: skip
    for first in range(0, len(rows), BATCH):
        session.execute(insert(ImportRow), rows[first : first + BATCH])
    return made


def settle(
    session: Session,
    actor: Actor,
    made: Import,
    mapping: Mapping[str, int],
    options: Mapping[str, Any] | None = None,
    *,
    dry_run: bool = True,
) -> None:
    """Fix which column is which and owe the check. Raises Invalid with every fault of the choice."""
    _require_state(made, "mapping", "checked")
    faults = columns.mapping_problems(made.kind, mapping, len(made.headings))
    made.options = {**made.options, **{k: v for k, v in (options or {}).items() if v}}
    if made.kind == "cohort" and "cohort" not in mapping and not made.options.get("cohort"):
        faults.append(Problem("/cohort", "Pilih angkatannya, atau tunjuk kolom yang menyebutnya."))
    faults += _agency_faults(session, made.options.get("agencies", {}))
    if faults:
        raise Invalid(faults)
    made.mapping, made.dry_run = dict(mapping), dry_run
    _remember(session, made, actor.at)
    _reset(session, made)
    _work(session, made, "checking", actor.at)


def start(session: Session, actor: Actor, made: Import) -> None:
    """Bring in every row that the check found ready."""
    _require_state(made, "checked")
    if not counts(session, made)["ready"]:
        raise Refused(
            [Reason("rows", "Tidak ada baris yang siap diimpor. Perbaiki berkasnya, lalu unggah lagi.")]
        )
    made.dry_run, made.started_at = False, actor.at
    _work(session, made, "running", actor.at)


def undo(session: Session, actor: Actor, made: Import) -> None:
    """Take everything back that nobody has worked on since."""
    _require_state(made, "done")
    made.undone_by = actor.user_id
    _work(session, made, "undoing", actor.at)


def discard(_session: Session, _actor: Actor, made: Import) -> None:
    """Give up a file that was never brought in; it stays in the list."""
    _require_state(made, "mapping", "checked")
    made.state = "discarded"


def resume(session: Session, actor: Actor, made: Import) -> None:
    """Try again where the work was given up."""
    parked = stuck(session, made)
    if parked is None or not delivery.retry(session, "job", parked.id, actor.at):
        raise Refused([Reason("state", "Impor ini tidak sedang berhenti.")])


def find(session: Session, actor: Actor, import_id: int, *, lock: bool = False) -> Import:
    """An import whose kind this person may bring in. Raises NotFound."""
    query = select(Import).where(Import.id == import_id)
    if lock:
        query = query.with_for_update(of=Import)
    made = session.scalars(query).unique().one_or_none()
    if made is None or (actor.user is not None and made.kind not in policy.import_kinds(actor.user)):
        raise NotFound
    return made


def require_kind(actor: Actor, kind: str) -> None:
    """Raise Forbidden unless the person may bring in this kind; without a person it is the server itself."""
    if actor.user is not None and kind not in policy.import_kinds(actor.user):
        raise Forbidden("Registri diimpor oleh koordinator; angkatan PKP juga oleh penyelenggara.")


def counts(session: Session, made: Import) -> dict[str, int]:
    """Rows by status; `remarked` are those among them with a remark."""
    found = dict.fromkeys(("new", "ready", "error", "duplicate", "done", "undone", "kept", "remarked"), 0)
    query = (
        select(ImportRow.status, func.count(), func.count().filter(ImportRow.remarked))
        .where(ImportRow.import_id == made.id)
        .group_by(ImportRow.status)
    )
    for status, count, remarked in session.execute(query):
        found[status] = count
        found["remarked"] += remarked
    return found


def progress(made: Import, held: Mapping[str, int]) -> float:
    """How much of the present work is done, 0 to 1."""
    left = {
        "checking": (held["new"], made.total),
        "running": (held["ready"], held["ready"] + held["done"]),
        "undoing": (held["done"], held["done"] + held["undone"] + held["kept"]),
    }.get(made.state)
    if left is None:
        return 0.0 if made.state in {"mapping", "discarded"} else 1.0
    return 1.0 if not left[1] else round(1 - left[0] / left[1], 4)


def stuck(session: Session, made: Import) -> Job | None:
    """The work that was given up after many attempts, with its error."""
    query = select(Job).where(Job.import_id == made.id, Job.done_at.is_(None), Job.dropped_at.is_(None))
    return session.scalars(query.where(Job.parked_at.is_not(None)).order_by(Job.id.desc()).limit(1)).first()


def work(session: Session, made: Import, now: datetime) -> None:
    """Owe the next chunk of what the import's state asks for."""
    job = Job(import_id=made.id, handler=WORKING[made.state], due_at=now, created_at=now)
    session.add(job)
    session.flush()
    owe(session, "job", job.id)


def _work(session: Session, made: Import, state: str, now: datetime) -> None:
    made.state, made.finished_at = state, None
    work(session, made, now)


def _require_state(made: Import, *states: str) -> None:
    if made.state not in states:
        raise Refused([Reason("state", f"Impor ini {STATE_WORDS[made.state]}; langkah ini tidak tersedia.")])


STATE_WORDS = {
    "mapping": "menunggu pemetaan kolom",
    "checking": "sedang diperiksa",
    "checked": "sudah diperiksa",
    "running": "sedang berjalan",
    "done": "sudah selesai",
    "undoing": "sedang dibatalkan",
    "undone": "sudah dibatalkan",
    "discarded": "tidak dilanjutkan",
}


def _agency_faults(session: Session, chosen: Mapping[str, str]) -> list[Problem]:
    known = set(session.scalars(select(Agency.code).where(Agency.code.in_(sorted(set(chosen.values()))))))
    return [
        Problem("/agencies", f"Padanan untuk “{name}” tidak dikenal: {code}.")
        for name, code in chosen.items()
        if code not in known
    ]


def _reset(session: Session, made: Import) -> None:
    session.execute(
        update(ImportRow)
        .where(ImportRow.import_id == made.id)
        .values(status="new", key=None, document=None, findings=[], remarked=False)
    )


def _remembered(session: Session, kind: str, headings: list[str]) -> dict[str, int]:
    held = session.get(ImportMapping, (kind, columns.heading_set(headings)))
    return held.mapping if held else columns.guess(kind, headings)


def _remember(session: Session, made: Import, now: datetime) -> None:
    name = columns.heading_set(made.headings)
    held = session.get(ImportMapping, (made.kind, name))
    if held is None:
        session.add(ImportMapping(kind=made.kind, heading_set=name, mapping=made.mapping, used_at=now))
    else:
        held.mapping, held.used_at = made.mapping, now
