"""The entry workspace of one case: its indicators, their levels and evidence, and what is still to be won."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import dates
from web.context import actor, desk, me
from web.guards import signed_in
from web.language import say as _
from workflow import adoptions, commands, likeness, policy
from workflow.commands.evidence import ADDERS, FILE_TYPES
from workflow.definition import process
from workflow.errors import Invalid, NotFound, Problem
from workflow.evidence_store import ENDINGS, LARGEST
from workflow.exports.document import ministry_score
from workflow.iid.catalogue import HIGHEST, Indicator, Recorded
from workflow.iid.entries import Row, Standing, is_entry, standing
from workflow.models import Case

bp = Blueprint("entries", __name__, url_prefix="/usulan/<number>/indikator")

STATES = {
    "empty": ("Belum diisi", "plain"),
    "unproven": ("Belum berbukti", "wait"),
    "waiting": ("Menunggu verifikasi", "act"),
    "accepted": ("Diterima", "ok"),
    "refused": ("Ditolak", "late"),
}
VIEWS = ("semua", "peluang", "verifikasi")


@bp.get("")
@signed_in
def index(number: str) -> str:
    return _page(number)


@bp.post("/<indicator>")
@signed_in
def name_level(number: str, indicator: str) -> Response | tuple[str, int]:
    basis, _sep, level = request.form.get("choice", ":0").rpartition(":")
    new = commands.NewClaim(
        level=int(level) if level.isdecimal() and len(level) == 1 else -1,
        basis=basis,
        note=request.form.get("note"),
        link=request.form.get("link"),
    )
    try:
        with desk().database.write() as session:
            commands.claim_level(session, actor(session), number, indicator, new)
    except Invalid as refusal:
        return _page(number, indicator, refusal.problems), 422
    flash(_("Indikator %(number)s disimpan.", number=indicator), "ok")
    return redirect(_back(number, indicator))


@bp.post("/<indicator>/verifikasi")
@signed_in
def judge(number: str, indicator: str) -> Response | tuple[str, int]:
    accept = request.form.get("verdict") == "accept"
    reason = request.form.get("reason")
    try:
        with desk().database.write() as session:
            commands.judge_claim(session, actor(session), number, indicator, accept=accept, reason=reason)
    except Invalid as refusal:
        return _page(number, indicator, refusal.problems), 422
    text = _("Bukti indikator %(number)s diterima.") if accept else _("Bukti indikator %(number)s ditolak.")
    flash(text % {"number": indicator}, "ok")
    return redirect(_back(number, indicator))


def _back(number: str, indicator: str) -> str:
    view = request.form.get("lihat", "")
    query = f"&lihat={view}" if view in VIEWS[1:] else ""
    return f"/usulan/{number}/indikator?buka={indicator}{query}#i-{indicator}"


def _page(number: str, opened: str = "", problems: list[Problem] | None = None) -> str:
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        if not is_entry(case):
            raise NotFound
        found = standing(session, case)
        recorded = {
            row.indicator.number: _on_record(session, case, found.year, row.indicator.recorded)
            for row in found.rows
            if row.indicator.recorded
        }
        proofs = [proof for row in found.rows for proof in row.evidence]
        alike = likeness.similar(session, me(), proofs) if policy.may_judge(me(), case) else {}
    view = request.values.get("lihat", VIEWS[0])
    levels = process(case.process).states[case.state].levels
    roles = policy.roles_on(me(), case)
    ministry = ministry_score(case)
    return render_template(
        "cases/indicators.html",
        ministry=ministry,
        gap=None if ministry is None else dates.signed(ministry - found.maturity.verified),
        case=case,
        found=found,
        rows=[
            _row(found, row) | {"recorded": recorded.get(row.indicator.number)} for row in _shown(found, view)
        ],
        alike=alike,
        view=view if view in VIEWS else VIEWS[0],
        counts={"peluang": len(found.gains), "verifikasi": len(found.having("waiting"))},
        proven=len(found.having("waiting", "accepted", "refused")),
        gains=found.gains[:3],
        opened=opened or request.args.get("buka", ""),
        problems=problems or [],
        may_name=levels == "named" and bool(roles & policy.NAME_LEVELS),
        may_judge=levels == "verified" and bool(roles & policy.JUDGE_LEVELS),
        may_add=levels is not None and bool(roles & ADDERS),
        may_export=policy.may_export_entry(me(), case),
        profile_href=profile_href(case, roles),
        largest=LARGEST // 1024 // 1024,
        posted=request.form,
    )


def _shown(found: Standing, view: str) -> list[Row]:
    if view == "peluang":
        places = {gain.indicator.number: place for place, gain in enumerate(found.gains)}
        open_rows = [r for r in found.rows if r.indicator.number in places]
        return sorted(open_rows, key=lambda r: places[r.indicator.number])
    return found.having("waiting") if view == "verifikasi" else list(found.rows)


def _row(found: Standing, row: Row) -> dict[str, Any]:
    text, tone = STATES[row.state]
    gain = next((g for g in found.gains if g.indicator == row.indicator), None)
    counted = row.level if row.evidenced else 0
    return {
        "row": row,
        "i": row.indicator,
        "state": _(text),
        "tone": tone,
        "points": row.indicator.weight * counted,
        "gain": gain,
        "chosen": f"{row.claim.basis or ''}:{row.level}" if row.claim and row.level else ":0",
        "level_text": row.indicator.level_text(row.level, row.claim.basis if row.claim else None),
        "choices": _choices(row.indicator),
        "accept": _accept(row.indicator),
    }


def _on_record(session: Session, case: Case, year: int, recorded: Recorded) -> dict[str, Any]:
    """What the system has on record for an indicator; a hint, never a claim or its proof."""
    span = recorded.span(year)
    if recorded.kind == "adopting_agencies":
        count = len(adoptions.network(session, case, span))
        text = _("%(n)s perangkat daerah lain mengadopsi", n=count)
    else:
        count = len(adoptions.other_regions(case, span))
        text = _("%(n)s daerah lain mereplikasi", n=count)
    if span is not None:
        text += " " + _("pada %(first)s–%(last)s", first=span[0].year, last=span[1].year)
    return {"text": text, "level": recorded.level(count)}


def _choices(indicator: Indicator) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """By basis: (value, words, points) of every level."""
    return [
        (
            basis.title,
            [
                (f"{basis.key}:{level}", basis.levels[level - 1], str(indicator.weight * level))
                for level in range(1, HIGHEST + 1)
            ],
        )
        for basis in indicator.bases
    ]


def _accept(indicator: Indicator) -> str:
    """The endings of the files that prove it and that the store takes."""
    wanted = indicator.proof.files if indicator.proof else ()
    kinds = [media for media, name in FILE_TYPES.items() if name in wanted]
    return ", ".join(ending for media in kinds for ending in ENDINGS[media])


def profile_href(case: Case, roles: frozenset[str]) -> str | None:
    """Where the profil inovasi is written, for those whose turn it is."""
    steps = process(case.process).leaving(case.state)
    step = next((t for t in steps if t.form == "iga_profile" and t.by & roles), None)
    return f"/usulan/{case.number}/langkah/{step.name}" if step else None
