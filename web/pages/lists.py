"""The list of cases: search, filters, columns, kept views; and taking it along as a table."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, raiseload
from werkzeug.wrappers import Response

from web import case_view
from web.context import actor, desk, me, now
from web.downloads import send_bytes
from web.guards import signed_in
from web.language import locale
from web.list_choices import active, choices
from web.list_state import COLUMNS, SHOWN, ListState, read
from workflow import case_lists, commands, dates, policy, sheets
from workflow.definition import process
from workflow.errors import Invalid
from workflow.models import Case, View
from workflow.search import query, suggest
from workflow.search.highlight import Marker
from workflow.search.similar import similar
from workflow.search.terms import terms

bp = Blueprint("lists", __name__, url_prefix="/usulan")

MOST_TAKEN = 10_000


def column_titles() -> dict[str, str]:
    titles = (
        _("Inovasi"), _("Tahap"), _("Status"), _("Giliran"), _("Batas waktu"), _("Diperbarui"), _("Pengusul"),
        _("Jenis"), _("Urusan"), _("Angkatan"), _("Dibuat"),
    )  # fmt: skip
    return dict(zip(COLUMNS, titles, strict=True))


@bp.get("")
@signed_in
def index() -> str | Response | tuple[str, int]:
    with desk().database.read() as session:
        state = read(session, request.args)
        page = _page(session, state)
        if page.cases and [c.number for c in page.cases] == [state.filters.q.upper()]:
            return redirect(f"/usulan/{page.cases[0].number}")
        offered = choices(session, state.filters, page.counts)
        views = kept_views(session, "/usulan")
        text = query.text_of(session, state.filters)
    marker = Marker(terms(state.filters.q), relaxed=page.relaxed)
    html = render_template(
        "cases/index.html",
        rows=[_row(case, marker, state) for case in page.cases],
        total=page.total,
        relaxed=page.relaxed,
        state=state,
        filters=offered,
        q=state.typed if state.problems else text,
        keys=query.KEYS,
        flags=query.FLAGS,
        active=active(state, offered, "/usulan"),
        columns=[(name, title, name in state.columns) for name, title in column_titles().items()],
        views=views,
        next_href=state.href(cursor=page.next_cursor) if page.next_cursor else None,
        previous_href=state.href(cursor=page.previous_cursor) if page.previous_cursor else None,
        may_propose=policy.may_propose(me()),
        may_share=policy.may_share_views(me()),
        may_act=policy.may_act_in_bulk(me()),
    )
    return (html, 422) if state.problems else html


def _page(session: Session, state: ListState) -> case_lists.Page:
    """People and index rows come along only where something of them is shown."""
    if state.problems:
        return case_lists.Page([], None, None, 0)
    options = [] if "owner" in state.columns else [raiseload(Case.participants)]
    if _reads_index(state):
        options.append(joinedload(Case.document))
    cursor = request.args.get("cursor")
    return case_lists.list_cases(
        session, me(), now(), state.filters, sort=state.sort, cursor=cursor, options=options
    )


def _reads_index(state: ListState) -> bool:
    return bool(state.filters.q) or "affair" in state.columns


def _row(case: Case, marker: Marker, state: ListState) -> dict[str, Any]:
    row = case_view.row(case, now(), locale(), people="owner" in state.columns)
    held = case.document if _reads_index(state) else None
    row["affair"] = held.affair if held else ""
    if state.filters.q:
        row["title_parts"] = marker.marked(case.title)
        if held and not any(hit for _text, hit in row["title_parts"]):
            row["snippet"] = marker.snippet(held.text, held.body)
    return row


# --- while typing ---------------------------------------------------------------------------------------


@bp.get("/saran")
@signed_in
def hints() -> str:
    text = request.args.get("q", "")[:200].lstrip()
    with desk().database.read() as session:
        offers = suggest.offers(session, text)
        cases = suggest.cases(session, me(), now(), text)
    marker = Marker(terms(text), relaxed=True)
    found = [{"case": case, "parts": marker.marked(case.title)} for case in cases]
    return render_template("cases/_hints.html", offers=offers, cases=found, text=text.strip())


@bp.get("/serupa")
@signed_in
def alike() -> str:
    """What resembles a title that is being typed."""
    title = (request.args.get("/title") or request.args.get("title", ""))[:200]
    with desk().database.read() as session:
        found = similar(session, me(), title, request.args.get("selain", type=int))
    return render_template("cases/_similar.html", similar=found)


# --- views that people keep -----------------------------------------------------------------------------


@bp.post("/tampilan")
@signed_in
def keep() -> Response:
    with desk().database.write() as session:
        state = read(session, request.form)
        try:
            kept = commands.keep_view(
                session,
                actor(session),
                request.form.get("name", ""),
                query.text_of(session, state.filters),
                ",".join(state.columns),
                state.sort,
                shared=request.form.get("shared") == "1",
            )
        except Invalid as refusal:
            flash(refusal.problems[0].message, "error")
        else:
            flash(_("Daftar “%(name)s” disimpan.", name=kept.name), "ok")
    return redirect(state.href(_path()))


@bp.post("/tampilan/<int:view_id>/hapus")
@signed_in
def drop(view_id: int) -> Response:
    with desk().database.write() as session:
        commands.drop_view(session, actor(session), view_id)
    flash(_("Daftar dihapus."), "ok")
    return redirect(_path())


def _path() -> str:
    """Where kept lists were looked at: on the list or on the board."""
    return "/papan" if request.form.get("path") == "/papan" else "/usulan"


def kept_views(session: Session, path: str) -> list[dict[str, Any]]:
    """The lists that this person keeps or others share, each to be opened on this path."""
    return [_view(view, path) for view in case_lists.views_of(session, me())]


def _view(view: View, path: str) -> dict[str, Any]:
    args = {"q": view.query, "sort": view.sort, "kolom": view.columns}
    mine = view.owner_id == me().id
    return {
        "id": view.id,
        "name": view.name,
        "href": ListState("", case_lists.Filters(), "", SHOWN).href(
            path, **{k: v for k, v in args.items() if v}
        ),
        "mine": mine,
        "shared": view.shared,
        "owner": view.owner.name,
    }


# --- taking it along ------------------------------------------------------------------------------------


@bp.get("/unduh")
@signed_in
def take() -> Response | tuple[str, int]:
    """What the list shows, all of its pages, with the columns chosen: as XLSX or CSV."""
    with desk().database.read() as session:
        state = read(session, request.args)
        if state.problems:
            raise Invalid(state.problems)
        cases = case_lists.every_case(
            session, me(), now(), state.filters, sort=state.sort, limit=MOST_TAKEN + 1
        )
        held = case_lists.affairs_of(session) if "affair" in state.columns else {}
    if len(cases) > MOST_TAKEN:
        flash(_("Daftar ini lebih dari %(n)s baris; persempit dahulu saringannya.", n=MOST_TAKEN), "error")
        return redirect(state.href())
    table = [_headings(state), *(_cells(case, state, held) for case in cases)]
    return _file(table)


def _file(table: list[list[str]]) -> Response:
    name = f"usulan-{now():%Y-%m-%d}"
    if request.args.get("as") == "csv":
        body, kind, end = sheets.as_csv(table), "text/csv; charset=utf-8", "csv"
    else:
        body, kind, end = sheets.as_xlsx(table, "Usulan"), sheets.XLSX, "xlsx"
    return send_bytes(body, kind, f"{name}.{end}")


def _headings(state: ListState) -> list[str]:
    titles = column_titles()
    return [_("Nomor"), _("Inovasi"), _("Instansi"), *(titles[name] for name in state.columns[1:])]


def _cells(case: Case, state: ListState, affairs: dict[int, str]) -> list[str]:
    row = case_view.row(case, now(), locale())
    flow = process(case.process)
    row |= {
        "marks": flow.stages[case.stage].title(locale()),
        "affair": affairs.get(case.id, ""),
        "due": dates.wib(case.due_at) if case.due_at and not case.outcome else "",
        "updated": dates.wib(case.updated_at),
        "created": dates.wib(case.created_at),
    }
    return [case.number, case.title, case.agency.name, *(str(row[name] or "") for name in state.columns[1:])]
