"""Evidence of a case: several files at once, what each proves, fetch, and take back."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from typing import IO, Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from web.context import actor, desk, me
from web.downloads import send_picture, send_proof, send_video
from web.guards import signed_in
from web.language import locale
from web.language import say as _
from web.staging import named, problems_of, stage_all
from workflow import commands, likeness, policy, quarantine, queries, uploads, validation
from workflow.commands.evidence import ADDERS
from workflow.definition import process
from workflow.depot import Depot, depot_of
from workflow.errors import Invalid, NotFound, Problem, Reason, Refused
from workflow.evidence_store import (
    ENDINGS,
    LARGEST,
    LARGEST_VIDEO,
    EvidenceStore,
    clean_name,
)
from workflow.iid.entries import is_entry, standing
from workflow.models import Case, Evidence, Upload
from workflow.uploads import Parts

bp = Blueprint("evidence", __name__, url_prefix="/usulan/<number>/bukti")

MOST_FILES = 10
MOST_SENT, FORM_ROOM = MOST_FILES * LARGEST, 100_000
TEXT = ("letter_number", "letter_date", "letter_subject")
LARGEST_ID = 2**31 - 1


@bp.url_value_preprocessor
def admit(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Files are larger than forms; said before anything reads the body."""
    request.max_content_length = MOST_SENT + FORM_ROOM


@bp.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> tuple[str, int]:
    most = MOST_SENT // 1024 // 1024
    text = _("Kiriman melebihi %(most)s MB. Kirim dalam beberapa kali.", most=most)
    return _page(str((request.view_args or {}).get("number", "")), [Problem("/file", text)], {}), 413


@bp.get("")
@signed_in
def index(number: str) -> str:
    return _page(number, [], request.args)


@bp.post("")
@signed_in
def add(number: str) -> str | BaseResponse | tuple[str, int]:
    with desk().database.read() as session:
        commands.find(session, actor(session), number)
    files = [f for f in request.files.getlist("file") if f.filename]
    sent = _sent(number)
    files += [FileStorage(cast("IO[bytes]", Parts(_depot(), made)), made.file_name) for made in sent]
    try:
        fields = _fields(files)
        count = _store_all(number, files, fields)
    except (Invalid, Refused) as refusal:
        return _page(number, problems_of(refusal), request.form), 422
    finally:
        for upload in files:
            upload.close()
    _forget(sent)
    flash(_("%(n)s berkas diunggah.", n=count), "ok")
    if request.headers.get("X-Upload"):  # the page's script shows how far it is and goes on by itself
        return jsonify(location=_back(number))
    return redirect(_back(number))


@bp.get("/<int:evidence_id>")
@signed_in
def fetch(number: str, evidence_id: int) -> Response:
    return send_proof(_found(number, evidence_id)[1])


@bp.get("/<int:evidence_id>/gambar/<int:page>")
@signed_in
def picture(number: str, evidence_id: int, page: int) -> Response:
    proof = _found(number, evidence_id)[1]
    if proof.stored is None or not proof.stored.pictures or page > proof.stored.pictures:
        raise NotFound
    return send_picture(proof, page)


@bp.get("/<int:evidence_id>/putar")
@signed_in
def play(number: str, evidence_id: int) -> Response:
    return send_video(_found(number, evidence_id)[1])


@bp.get("/<int:evidence_id>/lihat")
@signed_in
def look(number: str, evidence_id: int) -> str:
    """A piece of evidence in the browser, without opening the file itself."""
    case, proof = _found(number, evidence_id)
    with desk().database.read() as session:
        names = {value: label for value, label, _group in proves(session, case)}
        people = queries.people_by_id(session, {proof.uploaded_by})
        alike = likeness.similar(session, me(), [proof]) if policy.may_judge(me(), case) else {}
    return render_template(
        "cases/proof.html",
        case=case,
        proof=proof,
        state=quarantine.state_of(proof.stored, desk().settings),
        proves=names.get(_value(proof.field, proof.indicator), proof.field or proof.indicator),
        who=people[proof.uploaded_by].name if proof.uploaded_by in people else "–",
        alike=alike.get(proof.id, []),
    )


def _found(number: str, evidence_id: int) -> tuple[Case, Evidence]:
    """A case that this person may see, and evidence that proves something of it. Raises NotFound."""
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        found = next((e for e in queries.evidence_of(session, case) if e.id == evidence_id), None)
    if found is None:
        raise NotFound
    return case, found


@bp.post("/<int:evidence_id>/tarik")
@signed_in
def withdraw(number: str, evidence_id: int) -> BaseResponse:
    if evidence_id > LARGEST_ID:
        raise NotFound
    with desk().database.write() as session:
        gone = commands.withdraw_evidence(session, actor(session), number, evidence_id)
        flash(_("“%(name)s” ditarik dari bukti dukung.", name=gone.file_name), "ok")
    return redirect(_back(number))


def _sent(number: str) -> list[Upload]:
    """Files that the page's script sent before, part by part. Raises NotFound, or Refused if one is half."""
    with desk().database.read() as session:
        who = actor(session)
        ids = dict.fromkeys(request.form.getlist("upload")[: MOST_FILES + 1])
        found = [uploads.find(session, who, number, upload_id) for upload_id in ids]
    if any(made.received < made.size for made in found):
        raise Refused(
            [Reason("upload", _("Pengiriman berkas belum selesai; tekan Unggah untuk melanjutkan."))]
        )
    return found


def _forget(sent: list[Upload]) -> None:
    """What was sent is evidence now; whatever stays behind expires."""
    if sent:
        with desk().database.write() as session:
            for made in sent:
                uploads.forget(session, _depot(), session.merge(made))


def _depot() -> Depot:
    return depot_of(desk().settings)


def _fields(files: list[FileStorage]) -> dict[str, Any]:
    """What is said of the files, checked against the API's own schema. Raises Invalid with every problem."""
    kind, _sep, name = request.form.get("proves", "").partition(":")
    fields: dict[str, Any] = {key: text for key in TEXT if (text := request.form.get(key, "").strip())}
    if name and kind in {"field", "indicator"}:
        fields[kind] = name
    faults = validation.problems("evidence_create", fields, locale())
    if not name:
        faults.append(Problem("/proves", _("Pilih apa yang dibuktikan berkas ini.")))
    if not files:
        faults.append(Problem("/file", _("Pilih berkas yang akan diunggah.")))
    if len(files) > MOST_FILES:
        faults.append(Problem("/file", _("Paling banyak %(n)s berkas sekali kirim.", n=MOST_FILES)))
    if faults:
        raise Invalid(faults)
    day = fields.pop("letter_date", None)
    return fields | {"letter_date": date.fromisoformat(day) if day else None}


def _store_all(number: str, files: list[FileStorage], fields: dict[str, Any]) -> int:
    """All of the files or none of them; the problems of every one, each with its name."""
    store = _store()
    with ExitStack() as stack:
        staged = stage_all(stack, store, files)
        with desk().database.write() as session:
            who = actor(session)
            for upload, held in zip(files, staged, strict=True):
                name = clean_name(upload.filename or "", held.media_type)
                new = commands.NewEvidence(
                    file_name=name,
                    media_type=held.media_type,
                    size=held.size,
                    sha256=held.sha256,
                    **fields,
                )
                try:
                    commands.add_evidence(session, who, number, new)
                except (Invalid, Refused) as refusal:
                    raise Invalid([named(p, name) for p in problems_of(refusal)]) from refusal
            for held in {held.sha256: held for held in staged}.values():
                store.keep(held)
    return len(files)


def _back(number: str) -> str:
    """The page of this case that the form stood on."""
    wanted = urlsplit(request.form.get("back", ""))
    here = f"/usulan/{number}/"
    return wanted.geturl() if wanted.geturl().startswith(here) and not wanted.netloc else f"{here}bukti"


def _page(number: str, problems: list[Problem], posted: Mapping[str, str]) -> str:
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        rows = queries.evidence_of(session, case)
        people = queries.people_by_id(session, {e.uploaded_by for e in rows})
        choices = proves(session, case)
        alike = likeness.similar(session, me(), rows) if policy.may_judge(me(), case) else {}
    names = {value: label for value, label, _group in choices}
    may_add = bool(policy.roles_on(me(), case) & ADDERS) and case.outcome not in {"rejected", "withdrawn"}
    return render_template(
        "cases/evidence.html",
        case=case,
        rows=[(e, names.get(_value(e.field, e.indicator), e.field or e.indicator)) for e in rows],
        people=people,
        alike=alike,
        choices=choices,
        problems=problems,
        posted=posted,
        may_add=may_add,
        largest=LARGEST // 1024 // 1024,
        largest_video=LARGEST_VIDEO // 1024 // 1024,
        most=MOST_FILES,
        endings=", ".join(e for endings in ENDINGS.values() for e in endings),
        is_entry=is_entry(case),
    )


def _value(field: str | None, indicator: str | None) -> str:
    return f"indicator:{indicator}" if indicator else f"field:{field}"


def proves(session: Session, case: Case) -> list[tuple[str, str, str]]:
    """What a file can prove, as (value, label, group): the forms of this case, an entry's indicators."""
    found = []
    for name, held in case.forms.items():
        title = validation.label(name, [], locale())
        if isinstance(held, list):
            found += [(f"field:{name}.{i}", f"{title} {i}", _("Isian")) for i in range(1, len(held) + 1)]
        else:
            found.append((f"field:{name}", title, _("Isian")))
    asked = {t.form for t in process(case.process).leaving(case.state) if t.form and not t.collect}
    for name in sorted(asked - set(case.forms)):
        found.append(
            (f"field:{name}", validation.label(name, [], locale()), _("Isian yang sedang disiapkan"))
        )
    if is_entry(case):
        rows = standing(session, case).catalogue.sid
        found += [(f"indicator:{i.number}", f"{i.number}. {i.title}", _("Indikator")) for i in rows]
    return found


def _store() -> EvidenceStore:
    return EvidenceStore.of(desk().settings)
