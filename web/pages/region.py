"""The region's year for the coordinator: index, coverage, what if; and the windows of the award years."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from werkzeug.wrappers import Response

from web import case_view, dates
from web.context import actor, desk, me, now
from web.guards import allowed
from web.language import locale
from web.language import say as _
from workflow import commands, policy, queries
from workflow.clock import WIB
from workflow.commands.years import FIRST
from workflow.errors import Invalid, Problem
from workflow.exports.document import ministry_score
from workflow.iid import outlook, years
from workflow.iid.catalogue import HIGHEST, borrowed, catalogue_for
from workflow.iid.region import basic_affairs
from workflow.iid.whatif import CLAIMED, VERIFIED, Entrant, Supposed, entrants, suppose
from workflow.models import YearFact

bp = Blueprint("region", __name__, url_prefix="/iga")

MOST_LIFTS = 50


@bp.get("")
@allowed(policy.may_see_entries)
def show() -> str:
    return _page([])


@bp.post("/<int:year>/masa")
@allowed(policy.may_run_entries)
def window(year: int) -> Response | tuple[str, int]:
    try:
        with desk().database.write() as session:
            opens, closes = _date("opens"), _date("closes")
            commands.set_window(session, actor(session), year, opens, closes, request.form.get("reason", ""))
    except Invalid as refusal:
        return _page(refusal.problems, year), 422
    flash(_("Masa penjaringan IGA %(year)s disimpan.", year=year), "ok")
    return redirect(f"/iga?tahun={year}#masa")


@bp.post("/<int:year>/spd")
@allowed(policy.may_run_entries)
def spd(year: int) -> Response | tuple[str, int]:
    try:
        with desk().database.write() as session:
            score = _number(request.form.get("spd", ""))
            commands.set_spd(session, actor(session), year, score, request.form.get("reason", ""))
    except Invalid as refusal:
        return _page(refusal.problems, year), 422
    flash(_("Nilai SPD %(year)s disimpan.", year=year), "ok")
    return redirect(f"/iga?tahun={year}#masa")


def _page(problems: list[Problem], year: int | None = None) -> str:
    args = request.args
    with desk().database.read() as session:
        found = entrants(session, me())
        offered = outlook.offered(found, now())
        year = year or _year(args.get("tahun", ""), offered)
        decided = years.history(session, year)
        people = queries.people_by_id(session, {fact.changed_by for fact in decided})
        open_window = years.window(session, year)
        recorded = years.spd(session, year)
    catalogue = catalogue_for(year)
    entries = [e for e in found if e.standing.year == year]
    basis = CLAIMED if args.get("dasar") == CLAIMED else VERIFIED
    supposed_spd = _number(args.get("spd", ""))
    most = catalogue.region.spd_at_most
    score = supposed_spd if supposed_spd is not None and 0 <= supposed_spd <= most else recorded
    without = _without(entries)
    lifts = _lifts(entries)
    real = suppose(catalogue, recorded or Decimal(0), entries, basis)
    whatif = suppose(catalogue, score or Decimal(0), entries, basis, without, lifts)
    return render_template(
        "region.html",
        year=year,
        offered=offered,
        catalogue=catalogue,
        borrowed=borrowed(year),
        basis=basis,
        spd=score,
        recorded=recorded,
        real=real,
        whatif=whatif,
        supposing=bool(without or lifts or score != recorded),
        rows=[_row(e, basis, whatif, without) for e in entries],
        known=any(ministry_score(e.case) is not None for e in entries),
        affairs=[(name, name in whatif.affairs) for name in basic_affairs()],
        lifts=[(n, i, level) for n, lifted in lifts.items() for i, level in lifted.items()],
        lift_values=[f"{n}:{i}:{level}" for n, lifted in lifts.items() for i, level in lifted.items()],
        sums=_sums(real, whatif),
        window=open_window,
        window_state=_window_state(open_window),
        history=[_told(fact, people) for fact in decided],
        problems=problems,
        posted=request.form,
        may_run=policy.may_run_entries(me()),
        chosen=bool(args.get("andai")),
    )


def _year(text: str, offered: list[int]) -> int:
    given = int(text) if text.isdecimal() and len(text) == 4 else None  # noqa: PLR2004
    return given if given and given >= FIRST else outlook.usual(offered, now())


def _without(entries: list[Entrant]) -> frozenset[str]:
    """Which entries are left out: those not ticked, once the form was used."""
    if not request.args.get("andai"):
        return frozenset()
    return frozenset(e.case.number for e in entries) - frozenset(request.args.getlist("ikut"))


def _lifts(entries: list[Entrant]) -> dict[str, dict[str, int]]:
    """`naik=INV-2022-0001:16:3`, repeated; the form's fields make one more. The unknown is left out."""
    known = {e.case.number: e.standing.catalogue.by_number for e in entries}
    asked = request.args.getlist("naik")[:MOST_LIFTS]
    asked.append(
        ":".join(request.args.get(name, "") for name in ("naik_entri", "naik_indikator", "naik_level"))
    )
    found: dict[str, dict[str, int]] = {}
    for text in asked:
        number, _sep, rest = text.partition(":")
        indicator, _sep, level = rest.partition(":")
        if indicator in known.get(number, ()) and level in {str(n) for n in range(HIGHEST + 1)}:
            found.setdefault(number, {})[indicator] = int(level)
    return found


def _row(entrant: Entrant, basis: str, whatif: Supposed, without: frozenset[str]) -> dict[str, Any]:
    number = entrant.case.number
    text, tone = case_view.state_pill(entrant.case, now(), locale())
    supposed = whatif.maturities.get(number)
    real = entrant.maturity(basis)
    given = ministry_score(entrant.case)
    return {
        "number": number,
        "title": entrant.case.title,
        "agency": entrant.case.agency.short_name,
        "affair": entrant.affair,
        "basic": entrant.affair in basic_affairs(),
        "claimed": entrant.standing.maturity.claimed,
        "verified": entrant.standing.maturity.verified,
        "ministry": given,
        "gap": None if given is None else dates.signed(given - entrant.standing.maturity.verified),
        "supposed": supposed if supposed != real else None,
        "in": number not in without,
        "state": text,
        "tone": tone,
    }


def _sums(real: Supposed, whatif: Supposed) -> list[tuple[str, str, str]]:
    """The reckoning line by line, as it is and as supposed."""
    lines: list[tuple[str, str, str]] = []
    for label, name in (
        (_("Jumlah entri (n)"), "entries"),
        (_("Pembagi, MAX(k, n)"), "divisor"),
        (_("Nilai SPD"), "spd"),
        (_("Rata-rata kematangan"), "average"),
        (_("Skor jumlah"), "count_score"),
        (_("IID"), "iid"),
    ):
        values = [dates.decimal(str(getattr(s.index, name))) for s in (real, whatif)]
        lines.append((label, values[0], values[1]))
    lines.append((_("Kategori daerah"), real.index.category.title, whatif.index.category.title))
    return lines


def _window_state(found: years.Window) -> tuple[str, str]:
    today = now().astimezone(WIB).date()
    if today < found.opens:
        return _("Belum dibuka"), "plain"
    return (_("Sedang dibuka"), "act") if today <= found.closes else (_("Sudah ditutup"), "plain")


def _told(fact: YearFact, people: Mapping[int, Any]) -> dict[str, Any]:
    if fact.name == years.WINDOW:
        opens, closes = (date.fromisoformat(fact.value[key]) for key in ("opens", "closes"))
        what = _("Masa penjaringan")
        text = f"{dates.long_date(opens)}–{dates.long_date(closes)}"
    else:
        what, text = _("Nilai SPD"), dates.decimal(fact.value["score"])
    who = people.get(fact.changed_by)
    return {
        "what": what,
        "text": text,
        "why": fact.reason,
        "who": who.name if who else "",
        "at": fact.changed_at,
    }


def _date(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    """A number as people write it, with a comma or a point."""
    try:
        number = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
