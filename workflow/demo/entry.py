"""What the demo's entries claim and prove: levels that come near a target, a paper or picture for each."""

from collections.abc import Iterator
from io import BytesIO

from sqlalchemy.orm import Session

from workflow import commands
from workflow.clock import WIB
from workflow.dates import long_date
from workflow.evidence_store import EvidenceStore
from workflow.iid.catalogue import HIGHEST, Catalogue, Indicator
from workflow.iid.entries import standing
from workflow.ledger import Actor
from workflow.models import Case
from workflow.samples import sample_pdf, sample_png

VIDEO = "https://contoh.sragen.example/video"
REFUSALS = {
    "8": "Yang dilampirkan keputusan camat; turunkan parameter atau lampirkan keputusan yang sesuai.",
    "18": "Daftar memuat nama lengkap anak; ganti dengan inisial dan desa.",
    "20": "Video lebih dari lima menit dan belum memuat penjaringan ide.",
}
"""As the demo's note to the entry that came back says it."""


def levels_for(catalogue: Catalogue, target: int, turn: int) -> dict[str, int]:
    """Levels whose maturity is the target or just below it, different from case to case."""
    levels = dict.fromkeys(catalogue.by_number, HIGHEST)
    order = sorted(catalogue.sid, key=lambda i: (int(i.number) * 7 + turn * 5) % 20)
    total, step = catalogue.most, 0
    while total > target:
        indicator = order[step % len(order)]
        if levels[indicator.number]:
            levels[indicator.number] -= 1
            total -= indicator.weight
        step += 1
    return levels


def prove(
    session: Session,
    store: EvidenceStore,
    actor: Actor,
    case: Case,
    target: int,
    turn: int,
    *,
    some: bool = False,
) -> None:
    """Name levels and attach what proves them; with `some`, an entry that is half way there."""
    catalogue = standing(session, case).catalogue
    levels = levels_for(catalogue, target, turn)
    for position, indicator in enumerate(catalogue.sid):
        level = levels[indicator.number]
        if not level or (some and position % 5 in {2, 4}):
            continue
        link = VIDEO if indicator.proof and indicator.proof.link else None
        basis = indicator.bases[0].key
        claim = commands.NewClaim(level=level, basis=basis, link=link)
        commands.claim_level(session, actor, case.number, indicator.number, claim)
        if link is None and not (some and position % 5 == 3):
            _attach(session, store, actor, case, indicator, basis, level)


def judge(session: Session, actor: Actor, case: Case, *, strict: bool = False, leave: int = 0) -> None:
    """Accept what waits, but leave the last `leave` for later; when strict, refuse some."""
    waiting = standing(session, case).having("waiting")
    for row in waiting[: len(waiting) - leave]:
        number = row.indicator.number
        reason = REFUSALS.get(number) if strict else None
        commands.judge_claim(session, actor, case.number, number, accept=reason is None, reason=reason)


def _attach(
    session: Session,
    store: EvidenceStore,
    actor: Actor,
    case: Case,
    indicator: Indicator,
    basis: str,
    level: int,
) -> None:
    day = actor.at.astimezone(WIB).date()
    serial = case.id * 100 + int(indicator.number)
    picture = indicator.proof is not None and "pdf" not in indicator.proof.files
    content = (
        sample_png(serial) if picture else sample_pdf(list(_lines(case, indicator, basis, level, serial)))
    )
    with store.stage(BytesIO(content)) as staged:
        new = commands.NewEvidence(
            file_name=f"bukti-{int(indicator.number):02d}.{'png' if picture else 'pdf'}",
            media_type=staged.media_type,
            size=staged.size,
            sha256=staged.sha256,
            indicator=indicator.number,
            letter_number=f"188.4/{serial}/{day.year}",
            letter_date=day,
            letter_subject=f"{indicator.title}: {case.title}"[:300],
        )
        commands.add_evidence(session, actor, case.number, new)
        store.keep(staged)


def _lines(case: Case, indicator: Indicator, basis: str, level: int, serial: int) -> Iterator[str]:
    yield "DOKUMEN PERAGAAN - BUKAN SURAT RESMI"
    yield f"Nomor peragaan {serial}"
    yield ""
    yield case.title
    yield f"{case.agency.name}, Kabupaten Sragen"
    yield ""
    yield f"Indikator {indicator.number}: {indicator.title}"
    yield f"Parameter {level}: {indicator.level_text(level, basis)}"
    yield f"Dibuat {long_date(case.created_at)}"
