"""Titik macet: where open cases stand still, by state, agency and reviewer."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from web.context import desk, me, now
from web.downloads import send_bytes
from web.guards import allowed
from web.language import locale
from web.language import say as _
from web.list_choices import active, choices
from web.list_state import ListState, read
from workflow import policy, sheets
from workflow.ageing import Ageing, Pace, Standing, ageing
from workflow.definition import every_stage, every_state
from workflow.errors import Invalid, NotFound

PATH = "/gambaran/titik-macet"
SHOWN = 10
bp = Blueprint("ageing", __name__, url_prefix=PATH)


@bp.get("")
@allowed(policy.may_see_overview)
def show() -> str | tuple[str, int]:
    with desk().database.read() as session:
        state = read(session, request.args)
        if state.problems:
            return render_template("ageing.html", state=state), 422
        held = ageing(session, me(), now(), state.filters)
        offered = choices(session, state.filters, held.counts)
    return render_template(
        "ageing.html",
        state=state,
        held=held,
        filters=offered,
        active=active(state, offered, PATH),
        figures=_figures(held, state),
        shown=SHOWN,
        stuck=_title(held.stuck) if held.stuck else "",
        stuck_href=_late(held.stuck, state) if held.stuck else None,
    )


@bp.get("/<name>.csv")
@allowed(policy.may_see_overview)
def table(name: str) -> Response:
    with desk().database.read() as session:
        state = read(session, request.args)
        if state.problems:
            raise Invalid(state.problems)
        held = ageing(session, me(), now(), state.filters)
    figure = next((figure for figure in _figures(held, state) if figure["name"] == name), None)
    if figure is None:
        raise NotFound
    rows = [
        ["" if row[key] is None else str(row[key]) for key in figure["columns"]] for row in figure["rows"]
    ]
    body = sheets.as_csv([list(figure["columns"].values()), *rows])
    return send_bytes(body, "text/csv; charset=utf-8", f"titik-macet-{name}.csv")


def _figures(held: Ageing, state: ListState) -> list[dict[str, Any]]:
    """Tables of {label, about, median, longest, …}; `columns` are those of the page and of the file."""
    found = [_states(held, state), _agencies(held, state)]
    if held.reviewers is not None:
        found.append(_reviewers(held.reviewers))
    return [
        {
            **figure,
            "layout": _layout(figure["columns"]),
            "full": max([1, *(row["longest"] or 0 for row in figure["rows"]), *_medians(figure["rows"])]),
            "csv": state.href(f"{PATH}/{figure['name']}.csv"),
        }
        for figure in found
    ]


def _layout(columns: dict[str, str]) -> list[dict[str, Any]]:
    """The columns of a figure with its bar behind the names."""
    label, *figures = columns.items()
    return [
        {"key": label[0], "title": label[1]},
        {"key": "spread", "title": _("Median dan terlama")},
        *({"key": key, "title": title, "number": True} for key, title in figures),
    ]


def _medians(rows: list[dict[str, Any]]) -> list[int]:
    return [row["median"] or 0 for row in rows]


def _states(held: Ageing, state: ListState) -> dict[str, Any]:
    return {
        "name": "states",
        "title": _("Menurut keadaan"),
        "note": _("Hari kerja sejak masuk ke keadaan itu; rencana ialah waktu yang diberikan proses."),
        "columns": {
            "label": _("Keadaan"),
            "median": _("Median"),
            "longest": _("Terlama"),
            "planned": _("Rencana"),
            "count": _("Menunggu"),
            "late": _("Terlambat"),
        },
        "rows": [
            {**_row(standing, state), "label": _title(standing), "about": _stage(standing)}
            for standing in held.states
        ],
        "empty": _("Tidak ada usulan yang masih berjalan pada saringan ini."),
    }


def _agencies(held: Ageing, state: ListState) -> dict[str, Any]:
    return {
        "name": "agencies",
        "title": _("Menurut perangkat daerah"),
        "note": _("Hari kerja sejak masuk ke keadaan sekarang; yang paling banyak terlambat di atas."),
        "columns": {
            "label": _("Perangkat daerah"),
            "median": _("Median"),
            "longest": _("Terlama"),
            "count": _("Menunggu"),
            "late": _("Terlambat"),
        },
        "rows": [{**_row(standing, state), "label": standing.name} for standing in held.agencies],
        "empty": _("Tidak ada usulan yang masih berjalan pada saringan ini."),
    }


def _reviewers(paces: list[Pace]) -> dict[str, Any]:
    return {
        "name": "reviewers",
        "title": _("Menurut penelaah"),
        "note": _(
            "Median hari kerja dari diminta sampai menilai, dua belas bulan terakhir; "
            "terlama ialah penilaian yang masih ditunggu."
        ),
        "columns": {
            "label": _("Penelaah"),
            "median": _("Median"),
            "longest": _("Terlama"),
            "count": _("Ditunggu"),
            "late": _("Terlambat"),
            "given": _("Diberikan"),
        },
        "rows": [
            {
                **vars(pace),
                "label": pace.name,
                "longest": pace.longest if pace.owed else None,
                "count": pace.owed,
                "hrefs": {"longest": f"/usulan/{pace.oldest}"} if pace.oldest else {},
            }
            for pace in paces
        ],
        "empty": _("Belum ada penelaah yang diminta menilai pada saringan ini."),
    }


def _row(standing: Standing, state: ListState) -> dict[str, Any]:
    """The longest leads to its case; what waits and what is late to their lists, the first due first."""
    hrefs = {
        "longest": f"/usulan/{standing.oldest}",
        "count": replace(state, filters=standing.filters, sort="due_at").href(),
    }
    if standing.late:
        hrefs["late"] = _late(standing, state)
    return {**vars(standing), "hrefs": hrefs}


def _late(standing: Standing, state: ListState) -> str:
    return replace(state, filters=replace(standing.filters, late=True), sort="due_at").href()


def _title(standing: Standing) -> str:
    return every_state()[standing.value].title(locale())


def _stage(standing: Standing) -> str:
    return every_stage()[every_state()[standing.value].stage].title(locale())
