"""Bringing in a cohort or a registry: hand in the file, settle its columns, look, start, undo."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from web.context import actor, desk, me
from web.downloads import send_bytes
from web.guards import allowed
from web.once import once
from workflow import policy, sheets
from workflow.errors import DomainError, Invalid, NotFound, Problem, Refused
from workflow.imports import columns, queries, sheet, tables
from workflow.imports import desk as imports
from workflow.ledger import Actor
from workflow.models import Import
from workflow.nip import Seal
from workflow.secret import secret_of

bp = Blueprint("imports", __name__, url_prefix="/impor")

FORM_ROOM = 200_000
SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SAMPLES = 3


@bp.url_value_preprocessor
def _room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """A table may be larger than other forms; this runs before the CSRF check reads the body."""
    if endpoint == "imports.upload":
        request.max_content_length = sheet.LARGEST + FORM_ROOM


@bp.get("")
@allowed(policy.may_import)
def index() -> str:
    return _index([])


@bp.post("")
@allowed(policy.may_import)
def upload() -> BaseResponse | tuple[str, int]:
    sent, kind = request.files.get("file"), request.form.get("kind") or None
    if sent is None or not sent.filename:
        return _index([Problem("/file", _("Pilih berkasnya dulu."))]), HTTPStatus.UNPROCESSABLE_ENTITY
    if kind not in (None, *columns.KINDS):
        return _index([Problem("/kind", _("Pilih jenis data."))]), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        table = sheet.load(sent.stream, sent.filename)
        order = imports.Order(kind, cohort=request.form.get("cohort", "")[:160] or None)
        with desk().database.write() as session, once(session, table.sha256) as call:
            if call.location is None:
                made = imports.begin(session, actor(session), table, order, _seal())
                call.location = url_for("imports.show", import_id=made.id)
    except Invalid as refusal:
        return _index(refusal.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(call.location or "/impor")


def _index(problems: list[Problem]) -> str:
    with desk().database.read() as session:
        rows = [_line(session, made) for made in queries.list_imports(session, me())]
        cohorts = queries.cohorts(session)
    return render_template(
        "imports/index.html",
        rows=rows,
        cohorts=cohorts,
        kinds=policy.import_kinds(me()),
        problems=problems,
        posted=request.form,
        key=request.form.get("key") or uuid4().hex,
    )


def _line(session: Session, made: Import) -> dict[str, Any]:
    counts = imports.counts(session, made)
    return {
        "made": made,
        "counts": counts,
        "href": f"/impor/{made.id}",
        "stuck": imports.stuck(session, made),
    }


@bp.get("/templat/<kind>.<ending>")
@allowed(policy.may_import)
def template(kind: str, ending: str) -> Response:
    if kind not in columns.KINDS or ending not in {"xlsx", "csv"}:
        raise NotFound
    with desk().database.read() as session:
        names = tables.agency_names(session)
    body = tables.template_xlsx(kind, names) if ending == "xlsx" else tables.template_csv(kind)
    name = {"cohort": "templat-peserta-pkp", "registry": "templat-registri"}[kind]
    return _file(body, f"{name}.{ending}")


# --- one import ----------------------------------------------------------------------------------------


@bp.get("/<int:import_id>")
@allowed(policy.may_import)
def show(import_id: int) -> str:
    return _page(import_id, [])


@bp.get("/<int:import_id>/kemajuan")
@allowed(policy.may_import)
def progress(import_id: int) -> Response:
    """The line that refreshes itself; once the work is over the whole page is loaded anew."""
    with desk().database.read() as session:
        made = imports.find(session, actor(session), _sane(import_id))
        counts = imports.counts(session, made)
        stuck = imports.stuck(session, made)
    over = made.state not in imports.WORKING or stuck is not None
    html = render_template(
        "imports/_progress.html", made=made, counts=counts, share=imports.progress(made, counts)
    )
    response = Response(html)
    if over:
        response.headers["HX-Refresh"] = "true"
    return response


@bp.get("/<int:import_id>/temuan.<ending>")
@allowed(policy.may_import)
def findings(import_id: int, ending: str) -> Response:
    if ending not in {"xlsx", "csv"}:
        raise NotFound
    with desk().database.read() as session:
        made = imports.find(session, actor(session), _sane(import_id))
        table = tables.findings(session, made)
    in_book = ending == "xlsx"
    body = sheets.as_xlsx(table, "Temuan", tables.TEXT_WIDTHS) if in_book else sheets.as_csv(table)
    return _file(body, f"temuan-impor-{import_id}.{ending}")


@bp.post("/<int:import_id>")
@allowed(policy.may_import)
def act(import_id: int) -> BaseResponse | tuple[str, int]:
    action = request.form.get("_action", "")
    try:
        with desk().database.write() as session:
            who = actor(session)
            made = imports.find(session, who, _sane(import_id), lock=True)
            if action == "settle":
                imports.settle(session, who, made, _chosen(made), _options(made))
            elif action in STEPS:
                STEPS[action](session, who, made)
            else:
                raise NotFound
    except (Invalid, Refused) as refusal:
        status = HTTPStatus.CONFLICT if isinstance(refusal, Refused) else HTTPStatus.UNPROCESSABLE_ENTITY
        return _page(import_id, _faults(refusal)), status
    if action == "discard":
        flash(_("Impor tidak dilanjutkan."), "ok")
    return redirect(url_for("imports.show", import_id=import_id))


STEPS = {
    "start": imports.start,
    "undo": imports.undo,
    "discard": imports.discard,
    "resume": imports.resume,
}


def _faults(refusal: DomainError) -> list[Problem]:
    if isinstance(refusal, Invalid):
        return refusal.problems
    return [Problem("", str(refusal))]


def _chosen(made: Import) -> dict[str, int]:
    """The columns picked on the page; on the result page, where none are offered, those of before."""
    if "columns" not in request.form:
        return made.mapping
    picked = {c.name: request.form.get(f"column-{c.name}", "") for c in columns.columns(made.kind)}
    return {name: int(at) for name, at in picked.items() if at.isascii() and at.isdecimal() and len(at) < 4}  # noqa: PLR2004


def _options(made: Import) -> dict[str, Any]:
    names = request.form.getlist("unknown")
    codes = request.form.getlist("agency")
    settled = {name: code for name, code in zip(names, codes, strict=False) if code}
    agencies = {**made.options.get("agencies", {}), **settled}
    return {"cohort": request.form.get("cohort", "").strip()[:160], "agencies": agencies}


def _page(import_id: int, problems: list[Problem]) -> str:
    with desk().database.read() as session:
        who = actor(session)
        made = imports.find(session, who, _sane(import_id))
        return render_template(
            "imports/show.html",
            made=made,
            problems=problems,
            mapping_open=made.state == "mapping" or (made.state == "checked" and "pemetaan" in request.args),
            **_facts(session, who, made),
        )


def _facts(session: Session, who: Actor, made: Import) -> dict[str, Any]:
    """What the page shows of an import, whatever state it is in."""
    del who
    counts = imports.counts(session, made)
    first = "error" if counts["error"] else "findings"  # what keeps rows out comes before remarks
    show = request.args.get("tampil", first)
    show = show if show in queries.FILTERS else first
    cursor = request.args.get("setelah", "0")
    after = int(cursor) if cursor.isdecimal() and len(cursor) < 8 else 0  # noqa: PLR2004
    names = queries.unknown_agencies(session, made) if made.state == "checked" else []
    return {
        "counts": counts,
        "share": imports.progress(made, counts),
        "working": made.state in imports.WORKING,
        "stuck": imports.stuck(session, made),
        "columns": columns.columns(made.kind),
        "letter": columns.letter,
        "samples": queries.samples(session, made, _seal(), SAMPLES)
        if made.state in {"mapping", "checked"}
        else [],
        "show": show,
        "page": queries.list_rows(session, made, show, after),
        "after": after,
        "unknown": names,
        "agencies": queries.agencies(session) if names else [],
        "cohorts": queries.cohorts(session) if made.kind == "cohort" else [],
    }


def _sane(import_id: int) -> int:
    if import_id >= 2**31:
        raise NotFound
    return import_id


def _seal() -> Seal:
    return Seal(secret_of(desk().settings))


def _file(body: bytes, name: str) -> Response:
    kind = SPREADSHEET if name.endswith("xlsx") else "text/csv; charset=utf-8"
    return send_bytes(body, kind, name)
