"""Packages of entries: order one, watch it being made, fetch it, stop it."""

import json
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from web.context import actor, desk, me
from web.downloads import send_bytes, send_package
from web.guards import allowed, signed_in
from web.language import say as _
from workflow import policy, sheets
from workflow.errors import NotFound, Refused
from workflow.exports import build, orders, si_risma
from workflow.models import Export, ExportPart

bp = Blueprint("exports", __name__)

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST_ID = 2**31 - 1


@bp.get("/ekspor")
@signed_in
def index() -> str:
    with desk().database.read() as session:
        rows = [_facts(session, made) for made in orders.list_exports(session, actor(session))]
    return render_template("exports/index.html", rows=rows, registry=policy.may_export_registry(me()))


@bp.post("/usulan/<number>/ekspor")
@signed_in
def of_entry(number: str) -> BaseResponse:
    with desk().database.write() as session:
        made = orders.begin_entry(session, actor(session), number)
    return redirect(f"/ekspor/{made.id}")


@bp.post("/iga/<int:year>/ekspor")
@allowed(policy.may_export_year)
def of_year(year: int) -> BaseResponse:
    try:
        with desk().database.write() as session:
            made = orders.begin_year(session, actor(session), year)
    except Refused as refusal:
        flash(str(refusal), "warning")
        return redirect(f"/iga?tahun={year}")
    return redirect(f"/ekspor/{made.id}")


@bp.get("/ekspor/si-risma.<any(csv, json):kind>")
@allowed(policy.may_export_registry)
def for_si_risma(kind: str) -> Response:
    """The registry in the columns of Si Risma; with `after`, only what changed behind that position."""
    after = min(max(request.args.get("after", 0, type=int), 0), LARGEST_ID)
    with desk().database.read() as session:
        rows = si_risma.rows(session, after)
    name = f"si-risma-{rows[-1]['posisi'] if rows else after}.{kind}"
    if kind == "csv":
        return send_bytes(sheets.as_csv(si_risma.table(rows)), "text/csv; charset=utf-8", name)
    return send_bytes(json.dumps(rows, ensure_ascii=False).encode(), "application/json", name)


@bp.get("/iga/<int:year>/rekapitulasi.xlsx")
@allowed(policy.may_see_entries)
def recap(year: int) -> Response:
    with desk().database.read() as session:
        body = build.recap(session, me(), year)
    return send_bytes(body, SPREADSHEET, f"rekapitulasi-iga-{year}.xlsx")


@bp.get("/ekspor/<int:export_id>")
@signed_in
def show(export_id: int) -> str:
    with desk().database.read() as session:
        made = orders.find(session, actor(session), _sane(export_id))
        return render_template("exports/show.html", **_facts(session, made))


@bp.get("/ekspor/<int:export_id>/kemajuan")
@signed_in
def progress(export_id: int) -> Response:
    """The line that refreshes itself; once the work is over the whole page is loaded anew."""
    with desk().database.read() as session:
        made = orders.find(session, actor(session), _sane(export_id))
        facts = _facts(session, made)
        response = Response(render_template("exports/_progress.html", **facts))
    if made.state != "building" or facts["stuck"] is not None:
        response.headers["HX-Refresh"] = "true"
    return response


@bp.get("/ekspor/<int:export_id>/berkas")
@signed_in
def fetch(export_id: int) -> Response:
    with desk().database.read() as session:
        made = orders.find(session, actor(session), _sane(export_id))
    return send_package(made)


@bp.post("/ekspor/<int:export_id>")
@signed_in
def act(export_id: int) -> BaseResponse:
    steps = {"cancel": orders.cancel, "resume": orders.resume}
    step = steps.get(request.form.get("_action", ""))
    if step is None:
        raise NotFound
    try:
        with desk().database.write() as session:
            who = actor(session)
            step(session, who, orders.find(session, who, _sane(export_id), lock=True))
    except Refused as refusal:
        flash(str(refusal), "warning")
    return redirect(f"/ekspor/{export_id}")


def _facts(session: Session, made: Export) -> dict[str, Any]:
    done, total = orders.counts(session, made)
    changed = made.state == "done" and made.case is not None and _version(session, made) != made.case.version
    return {
        "made": made,
        "case": made.case,
        "href": f"/ekspor/{made.id}",
        "title": made.case.title if made.case else _("Semua entri IGA %(year)s", year=made.year),
        "done": done,
        "total": total,
        "share": orders.progress(made, done, total),
        "stuck": orders.stuck(session, made),
        "changed": changed,
    }


def _version(session: Session, made: Export) -> int | None:
    """The version of the entry that a package of one shows."""
    return session.scalar(select(ExportPart.version).where(ExportPart.export_id == made.id))


def _sane(export_id: int) -> int:
    if export_id > LARGEST_ID:
        raise NotFound
    return export_id
