"""How the public reaches each agency, for those who keep it: one by one, or as a table."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from web import forms
from web.context import desk
from web.downloads import send_bytes
from web.guards import allowed
from web.language import locale
from workflow import contacts, policy, sheets
from workflow.errors import Invalid, NotFound, Problem
from workflow.imports import sheet
from workflow.models import Agency
from workflow.validation import storable

bp = Blueprint("agencies", __name__, url_prefix="/instansi")

FORM_ROOM = 200_000


@bp.url_value_preprocessor
def _room(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """A table may be larger than other forms; this runs before the CSRF check reads the body."""
    if endpoint == "agencies.upload":
        request.max_content_length = sheet.LARGEST + FORM_ROOM


@bp.get("")
@allowed(policy.may_edit_agencies)
def index() -> str:
    return _index([])


@bp.post("")
@allowed(policy.may_edit_agencies)
def upload() -> BaseResponse | tuple[str, int]:
    """Contacts of many agencies at once, all of them or none."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        return _index([Problem("/file", _("Pilih berkasnya dulu."))]), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        table = sheet.load(sent.stream, sent.filename)
        with desk().database.write() as session:
            count = contacts.load(session, table.headings, table.rows)
    except Invalid as refusal:
        return _index(refusal.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("Kontak %(count)s perangkat daerah disimpan.", count=count), "ok")
    return redirect("/instansi")


@bp.get("/kontak.xlsx")
@allowed(policy.may_edit_agencies)
def download() -> Response:
    """The table as it stands, to fill in and hand back."""
    with desk().database.read() as session:
        made = sheets.as_xlsx(contacts.table(session), "Kontak")
    return send_bytes(made, sheets.XLSX, "kontak-perangkat-daerah.xlsx")


@bp.get("/<code>")
@allowed(policy.may_edit_agencies)
def edit(code: str) -> str:
    with desk().database.read() as session:
        agency = _agency(session, code)
    return _form(agency, agency.contact, [])


@bp.post("/<code>")
@allowed(policy.may_edit_agencies)
def change(code: str) -> BaseResponse | tuple[str, int]:
    posted = {key: request.form.get(f"/{key}", "") for key in contacts.PARTS}
    with desk().database.write() as session:
        agency = _agency(session, code)
        try:
            contacts.set_contact(session, agency, posted, locale())
        except Invalid as refusal:
            return _form(agency, posted, refusal.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("Perubahan disimpan."), "ok")
    return redirect("/instansi")


def _agency(session: Session, code: str) -> Agency:
    query = select(Agency).where(Agency.code == code)
    agency = session.scalars(query).one_or_none() if storable(code) else None
    if agency is None:
        raise NotFound
    return agency


def _index(problems: list[Problem]) -> str:
    with desk().database.read() as session:
        agencies = list(session.scalars(select(Agency).order_by(Agency.path)))
    return render_template("agencies/index.html", agencies=agencies, problems=problems)


def _form(agency: Agency, contact: dict[str, str], problems: list[Problem]) -> str:
    parts = forms.sections(contacts.FORM, contact, locale(), problems)
    return render_template("agencies/edit.html", agency=agency, sections=parts, problems=problems)
