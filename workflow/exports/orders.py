"""What people do with a package: order it, see how far it is, stop it, fetch it. Rows first, work owed."""

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from workflow import delivery, policy
from workflow.commands.find import find as find_case
from workflow.db import owe
from workflow.depot import Depot
from workflow.errors import Forbidden, NotFound, Reason, Refused
from workflow.exports.package import safe
from workflow.iid.entries import is_entry, standing
from workflow.iid.whatif import Entrant, entrants_of
from workflow.ledger import Actor
from workflow.models import Case, Export, ExportPart, Job, User

PART, WHOLE, CLEAR = "export_part", "export_whole", "export_clear"
WORK = frozenset({PART, WHOLE, CLEAR})
KEPT = timedelta(days=7)
SHOWN = 50
STATE_WORDS = {
    "building": "sedang dibuat",
    "done": "sudah selesai",
    "failed": "tidak dapat dibuat",
    "cancelled": "sudah dibatalkan",
    "expired": "sudah kedaluwarsa",
}


def begin_entry(session: Session, actor: Actor, number: str) -> Export:
    """Order the package of one entry. Raises NotFound, Forbidden, or Refused where it is no entry."""
    case = find_case(session, actor, number)
    if actor.user is not None and not policy.may_export_entry(actor.user, case):
        raise Forbidden("Paket ekspor dibuat oleh pengusul, kepala perangkat daerah, atau koordinator.")
    if not is_entry(case):
        raise Refused([Reason("state", "Usulan ini belum sampai tahap lomba, jadi belum dapat diekspor.")])
    year = standing(session, case).year
    name = f"entri-iga-{year}-{number.lower()}-{safe(case.title)[:40].strip('-')}.zip"
    return _begin(session, actor, year, name, [case], case)


def begin_year(session: Session, actor: Actor, year: int) -> Export:
    """Order the packages of every entry of a year. Raises Forbidden, or Refused where there is none."""
    if actor.user is not None and not policy.may_export_year(actor.user):
        raise Forbidden("Paket satu tahun dibuat oleh koordinator.")
    cases = [entrant.case for entrant in of_year(session, actor.user, year)]
    if not cases:
        raise Refused([Reason("entries", f"Belum ada entri untuk IGA {year}; tidak ada yang diekspor.")])
    return _begin(session, actor, year, f"entri-iga-{year}.zip", cases, None)


def of_year(session: Session, user: User | None, year: int) -> list[Entrant]:
    """The entries of a year that this person may see; without a person every one."""
    where = Case.voided_at.is_(None) if user is None else policy.visible(user)
    return [e for e in entrants_of(session, where) if e.standing.year == year]


def _begin(
    session: Session, actor: Actor, year: int, name: str, cases: list[Case], case: Case | None
) -> Export:
    made = _same(session, actor, year, case)
    if made is not None:
        return made
    made = Export(
        year=year,
        case_id=case.id if case else None,
        state="building",
        file_name=name,
        contents=[],
        created_by=actor.user_id,
        created_at=actor.at,
    )
    session.add(made)
    session.flush()
    session.add_all(ExportPart(export_id=made.id, case_id=c.id) for c in cases)
    work(session, made, PART, actor.at)
    return made


def _same(session: Session, actor: Actor, year: int, case: Case | None) -> Export | None:
    """What this person ordered already and is being worked on: a second click orders nothing."""
    same = and_(
        Export.state == "building",
        Export.year == year,
        Export.case_id.is_(None) if case is None else Export.case_id == case.id,
        Export.created_by.is_(None) if actor.user is None else Export.created_by == actor.user_id,
    )
    return session.scalars(select(Export).where(same)).first()


def cancel(session: Session, actor: Actor, made: Export) -> None:
    """Stop the work; what was built so far is removed."""
    if made.state != "building":
        raise Refused([Reason("state", f"Paket ini {STATE_WORDS[made.state]}; tidak ada yang dibatalkan.")])
    made.state, made.finished_at = "cancelled", actor.at
    work(session, made, CLEAR, actor.at)


def resume(session: Session, actor: Actor, made: Export) -> None:
    """Try again where the work was given up."""
    parked = stuck(session, made)
    if parked is None or not delivery.retry(session, "job", parked.id, actor.at):
        raise Refused([Reason("state", "Pembuatan paket ini tidak sedang berhenti.")])


def find(session: Session, actor: Actor, export_id: int, *, lock: bool = False) -> Export:
    """A package that this person ordered, or may order. Raises NotFound."""
    query = select(Export).where(Export.id == export_id)
    if lock:
        query = query.with_for_update(of=Export).execution_options(populate_existing=True)
    made = session.scalars(query).unique().one_or_none()
    if made is None or not _may_fetch(actor, made):
        raise NotFound
    return made


def _may_fetch(actor: Actor, made: Export) -> bool:
    """Rights are asked again at every look: who lost them since can't fetch what was ordered before."""
    if actor.user is None:
        return True
    if made.case is None:
        return policy.may_export_year(actor.user)
    return policy.may_see(actor.user, made.case) and policy.may_export_entry(actor.user, made.case)


def list_exports(session: Session, actor: Actor) -> list[Export]:
    """The newest packages that this person may fetch."""
    user = actor.user
    if user is None:
        return []
    mine = Export.created_by == user.id
    wanted = or_(mine, Export.case_id.is_(None)) if policy.may_export_year(user) else mine
    query = select(Export).where(wanted).order_by(Export.id.desc()).limit(SHOWN)
    return [made for made in session.scalars(query).unique() if _may_fetch(actor, made)]


def counts(session: Session, made: Export) -> tuple[int, int]:
    """How many entries are packed, and how many there are."""
    query = select(func.count(ExportPart.sha256), func.count()).where(ExportPart.export_id == made.id)
    done, total = session.execute(query).one()
    return int(done), int(total)


def progress(made: Export, done: int, total: int) -> float:
    """How much of the work is done, 0 to 1; putting the whole together counts as one more part."""
    if made.state != "building":
        return 1.0
    return round(done / (total + 1), 4)


def stuck(session: Session, made: Export) -> Job | None:
    """The work that was given up after many attempts, with its error."""
    query = select(Job).where(Job.export_id == made.id, Job.done_at.is_(None), Job.dropped_at.is_(None))
    return session.scalars(query.where(Job.parked_at.is_not(None)).order_by(Job.id.desc()).limit(1)).first()


def expire(session: Session, now: datetime) -> int:
    """Let go of packages that have been kept long enough; their rows stay. How many."""
    query = select(Export).where(Export.state == "done", Export.expires_at <= now)
    old = list(session.scalars(query.with_for_update(of=Export)).unique())
    for made in old:
        made.state = "expired"
        work(session, made, CLEAR, now)
    return len(old)


def let_go_lost(session: Session, depot: Depot) -> int:
    """Finished packages whose file is not there, as after a restore, are no longer offered. How many."""
    done = session.scalars(select(Export).where(Export.state == "done").order_by(Export.id)).unique()
    lost = [made for made in done if not depot.has(file_of(made))]
    for made in lost:
        made.state = "expired"
    return len(lost)


def outdated(session: Session, now: datetime) -> bool:
    query = select(Export.id).where(Export.state == "done", Export.expires_at <= now).limit(1)
    return session.scalar(query) is not None


def work(session: Session, made: Export, handler: str, now: datetime) -> None:
    """Owe the next piece of work on it."""
    job = Job(export_id=made.id, handler=handler, due_at=now, created_at=now)
    session.add(job)
    session.flush()
    owe(session, "job", job.id)


def folder(made: Export) -> str:
    """Where the files of a package lie: in the depot of the evidence, which every machine reaches."""
    return f"exports/{made.id}"


def file_of(made: Export) -> str:
    """The finished package."""
    return f"{folder(made)}/{made.file_name}"
