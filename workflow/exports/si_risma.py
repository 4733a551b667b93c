"""The registry in the columns of Si Risma, the office's own: whole, or what has changed since a position.

The columns, and which of them are only assumed, stand in the schema `si_risma`. A row is sent again whenever
something happened to its innovation; whoever keeps the last position misses nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from workflow import public, queries
from workflow.affairs import affairs
from workflow.definition import process
from workflow.logs import clean
from workflow.models import Case, Event
from workflow.prefill import answers, prefilled
from workflow.validation import label, schema

NAME = "si_risma"
PROFILE = "iga_profile"
MOST = 50_000
KINDS = {"digital": "Digital", "non_digital": "Non Digital"}
INITIATORS = {
    "regional_head": "Kepala Daerah",
    "council_member": "Anggota DPRD",
    "agency": "OPD",
    "civil_servant": "ASN",
    "public": "Masyarakat",
}
CONDITIONS = {None: "berjalan", "stopped": "dihentikan", "rejected": "ditolak", "withdrawn": "ditarik"}
DESIGN = {
    "dasar_hukum": "legal_basis",
    "permasalahan": "problem",
    "isu_strategis": "strategic_issue",
    "metode_pembaharuan": "renewal_method",
    "keunggulan_kebaharuan": "advantage",
    "spesifikasi_produk": "how_it_works",
}
TEXTS = {
    "tujuan_umum": "objective_long",
    "tujuan_khusus": "objective_short",
    "target_capaian": "objective_medium",
    "manfaat": "benefits",
    "hasil": "result_after",
}


def rows(session: Session, after: int = 0, limit: int = MOST) -> list[dict[str, Any]]:
    """Public innovations, and those that an undone import took back, with a change behind `after`.

    By the position of their last change, which `after` takes up next time.
    """
    last = select(Event.case_id, func.max(Event.id).label("position")).group_by(Event.case_id).subquery()
    found = session.execute(
        select(Case, last.c.position)
        .join(last, last.c.case_id == Case.id)
        .where(last.c.position > after, or_(queries.public(), _taken_back()))
        .order_by(last.c.position)
        .limit(limit)
    )
    return [_row(case, position) for case, position in found]


def headings() -> list[str]:
    """The columns in words, in the order of the schema."""
    return [label(NAME, [key], "id") for key in schema(NAME)["properties"]]


def table(found: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    return [headings(), *([str(row[key]) for key in schema(NAME)["properties"]] for row in found)]


def _taken_back() -> Any:  # noqa: ANN401 - a condition
    return (Case.pipeline == "innovation") & Case.voided_at.is_not(None)


def _row(case: Case, position: int) -> dict[str, Any]:
    forms = answers(case)
    profile = {**prefilled(PROFILE, forms), **_held(forms.get(PROFILE))}
    design = _held(profile.get("design"))
    found: dict[str, Any] = {
        "judul": case.title,
        "jenis": KINDS[case.category],
        "tahapan": process(case.process).stages[case.stage].tahapan,
        "inisiator": INITIATORS.get(str(profile.get("initiator")), "-"),
        "instansi": case.agency.name,
        "waktu_uji_coba": str(profile.get("trial_date") or ""),
        "waktu_penerapan": str(profile.get("implementation_date") or ""),
        "urusan_pemerintahan": affairs(case)[0] or "",
        "kategori": "",
        **{column: _text(design.get(key)) for column, key in DESIGN.items()},
        **{column: _text(profile.get(key)) for column, key in TEXTS.items()},
        "nomor": case.number,
        "keadaan": "dihapus" if case.voided_at else CONDITIONS[public.ended(case)],
        "diubah": case.updated_at.astimezone(UTC).isoformat(),
        "posisi": position,
    }
    return {key: found[key] for key in schema(NAME)["properties"]}


def _held(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Without addresses of mail and NIP, which the registry has no use for."""
    return clean(value) if isinstance(value, str) else ""
