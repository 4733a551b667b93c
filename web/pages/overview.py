"""Gambaran: the figures of a list of cases, each leading to the cases that it counts."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from web import charts, dates
from web.context import desk, me, now
from web.downloads import send_bytes
from web.guards import allowed
from web.language import locale
from web.language import say as _
from web.list_choices import active, choices
from web.list_state import ListState, read
from workflow import policy, sheets
from workflow.calendar import wib_date
from workflow.definition import process, versions
from workflow.errors import Invalid
from workflow.exports import report
from workflow.overview import FIGURES, Overview, Slice, overview

bp = Blueprint("overview", __name__, url_prefix="/gambaran")


def titles() -> dict[str, str]:
    said = (
        _("Tahap saat ini"), _("Digital dan non digital"), _("Angkatan pelatihan"), _("Tahun"),
        _("Urusan utama"), _("Perangkat daerah"),
    )  # fmt: skip
    return dict(zip(FIGURES, said, strict=True))


@bp.get("")
@allowed(policy.may_see_overview)
def show() -> str | tuple[str, int]:
    with desk().database.read() as session:
        state = read(session, request.args)
        if state.problems:
            return render_template("overview.html", state=state), 422
        held = overview(session, me(), now(), state.filters, charts.award_year(request.args))
        offered = choices(session, state.filters, held.counts)
    return render_template(
        "overview.html",
        state=state,
        held=held,
        late_href=_href(held.late, state),
        digital_href=_href(held.digital, state),
        filters=offered,
        active=active(state, offered, "/gambaran"),
        figures=[_figure(name, title, held, state) for name, title in titles().items()],
        may_report=policy.may_report(me()),
        moves=charts.moving(held, state),
    )


@bp.get("/laporan-bupati.pdf")
@allowed(policy.may_report)
def regent() -> Response:
    """In Indonesian, whatever the language of the pages."""
    with desk().database.read() as session:
        body = report.page(report.read(session, me(), now()))
    return send_bytes(body, "application/pdf", f"laporan-bupati-{wib_date(now()):%Y-%m-%d}.pdf")


@bp.get("/<name>.csv")
@allowed(policy.may_see_overview)
def table(name: str) -> Response:
    figure = _asked(name)
    rows = [[row["label"], *map(str, row["cells"])] for row in figure["rows"]]
    body = sheets.as_csv([figure["columns"], *rows])
    return send_bytes(body, "text/csv; charset=utf-8", f"gambaran-{name}.csv")


@bp.get("/<name>.svg")
@allowed(policy.may_see_overview)
def picture(name: str) -> Response:
    """On white, with its own colours: for slides and letters."""
    drawn = render_template("overview.svg", figure=_asked(name), today=dates.long_date(wib_date(now())))
    return send_bytes(drawn.encode(), "image/svg+xml", f"gambaran-{name}.svg")


def _asked(name: str) -> dict[str, Any]:
    """Scores of all entries are no figure for those who may not see them."""
    with desk().database.read() as session:
        state = read(session, request.args)
        if state.problems:
            raise Invalid(state.problems)
        held = overview(session, me(), now(), state.filters, charts.award_year(request.args))
        moves = {figure["name"]: figure for figure in charts.moving(held, state)}
        if name in moves:
            return moves[name]
        return _figure(name, titles()[name], held, state) if name in FIGURES else abort(404)


def _figure(name: str, title: str, held: Overview, state: ListState) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "columns": [title, _("Jumlah")],
        "csv": state.href(f"/gambaran/{name}.csv"),
        "svg": state.href(f"/gambaran/{name}.svg"),
        "rows": [_row(name, part, held.total, state) for part in held.figures[name]],
    }


def _row(figure: str, part: Slice, total: int, state: ListState) -> dict[str, Any]:
    share = round(part.count / total * 100) if total else 0
    return {
        "label": _label(figure, part),
        "value": part.count,
        "cells": [part.count],
        "text": f"{dates.thousands(part.count)} · {share} %",
        "href": _href(part, state),
        "tone": "act" if part.value else "plain",
    }


def _href(part: Slice, state: ListState) -> str | None:
    return replace(state, filters=part.filters).href() if part.filters else None


def _label(figure: str, part: Slice) -> str:
    if not part.value:
        return _("Di luar angkatan") if figure == "cohort" else _("Belum disebut")
    if figure == "stage":
        return process(versions()[-1]).stages[part.value].title(locale())
    kinds = {"digital": _("Digital"), "non_digital": _("Non digital")}
    return kinds.get(part.value, part.name or part.value)
