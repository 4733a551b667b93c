"""Near-equal documents under different hashes: whose texts are alike, and where they prove something."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from workflow import policy
from workflow.models import Case, Evidence, FileLikeness, FileShingle, StoredFile, User
from workflow.sketches import percent

ALIKE = 60
EQUAL = 100
CANDIDATES = 20


@dataclass(frozen=True)
class Similar:
    """Another piece of evidence with nearly the same text; no `number` where this reader may not see it."""

    percent: int
    number: str | None = None
    evidence_id: int | None = None
    file_name: str | None = None


def remember(session: Session, file_id: int, hashes: list[int]) -> None:
    """Keep a file's sketch and compare it with those that share most hashes with it."""
    session.execute(delete(FileShingle).where(FileShingle.file_id == file_id))
    session.execute(delete(FileLikeness).where(FileLikeness.file_id == file_id))
    session.add_all(FileShingle(hash=value, file_id=file_id) for value in hashes)
    session.flush()
    for other, held in _candidates(session, file_id, hashes).items():
        alike = percent(hashes, held)
        if alike >= ALIKE:
            session.add(FileLikeness(file_id=file_id, other_id=other, percent=alike))


def _candidates(session: Session, file_id: int, hashes: list[int]) -> dict[int, list[int]]:
    if not hashes:
        return {}
    shared = (
        select(FileShingle.file_id)
        .where(FileShingle.hash.in_(hashes), FileShingle.file_id != file_id)
        .group_by(FileShingle.file_id)
        .order_by(func.count().desc(), FileShingle.file_id)
        .limit(CANDIDATES)
    )
    found: dict[int, list[int]] = {other: [] for other in session.scalars(shared)}
    for row in session.scalars(select(FileShingle).where(FileShingle.file_id.in_(found))):
        found[row.file_id].append(row.hash)
    return found


def similar(session: Session, user: User, proofs: Iterable[Evidence]) -> dict[int, list[Similar]]:
    """By evidence: the same file or nearly the same text in other cases, most alike first."""
    rows = {proof.sha256: proof for proof in proofs}
    own, other = aliased(StoredFile), aliased(StoredFile)
    pairs = or_(
        and_(FileLikeness.file_id == own.id, FileLikeness.other_id == other.id),
        and_(FileLikeness.file_id == other.id, FileLikeness.other_id == own.id),
    )
    near = session.execute(
        select(own.sha256, other.sha256, FileLikeness.percent)
        .select_from(FileLikeness)
        .join(own, or_(FileLikeness.file_id == own.id, FileLikeness.other_id == own.id))
        .join(other, pairs)
        .where(own.sha256.in_(rows))
    ).all()
    alike = {(mine, theirs): value for mine, theirs, value in near} | {(sha, sha): EQUAL for sha in rows}
    found: dict[int, list[Similar]] = {}
    for case, evidence in _places(session, {theirs for _mine, theirs in alike}):
        for proof in rows.values():
            value = alike.get((proof.sha256, evidence.sha256))
            if value is not None and proof.case_id != case.id:
                found.setdefault(proof.id, []).append(_shown(user, case, evidence, value))
    return {key: sorted(each, key=lambda s: -s.percent) for key, each in found.items()}


def _places(session: Session, hashes: Collection[str]) -> list[tuple[Case, Evidence]]:
    query = (
        select(Case, Evidence)
        .join(Evidence, Evidence.case_id == Case.id)
        .where(Evidence.sha256.in_(hashes), Evidence.withdrawn_at.is_(None), Case.voided_at.is_(None))
        .order_by(Evidence.id)
    )
    return [(case, evidence) for case, evidence in session.execute(query).unique()]


def _shown(user: User, case: Case, evidence: Evidence, value: int) -> Similar:
    if not policy.may_see(user, case):
        return Similar(value)
    return Similar(value, case.number, evidence.id, evidence.file_name)
