"""The public registry: list, page of an innovation, news, open data, sitemap; the same for everybody."""

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, render_template, request
from werkzeug.wrappers import Response

from web import case_view, result_view
from web.context import actor, desk, now, viewer
from web.guards import signed_in
from web.language import locale
from web.sharing import published, shareable
from workflow import certificates, commands, policy, public, sheets
from workflow.errors import NotFound
from workflow.exports.certificate import paper
from workflow.models import Case

bp = Blueprint("registry", __name__)

CLOSED = ("/akun", "/api/", "/beranda", "/demo/", "/masuk", "/usulan")
NEWS = 50
NO_NEWS_SINCE = datetime(2022, 1, 1, tzinfo=UTC)
DATA = {"csv": "text/csv", "json": "application/json"}


@bp.get("/registri")
@shareable
def index() -> str:
    q = request.args.get("q", "").strip()[:200]
    page = max(request.args.get("page", 1, type=int), 1)
    page = min(page, public.MOST_TAKEN)
    with desk().database.read() as session:
        cases, total = public.listed(session, q, page)
    return render_template(
        "registry/index.html",
        cards=[_card(case) for case in cases],
        total=total,
        q=q,
        page=page,
        more=page * public.PAGE < total,
    )


@bp.get("/registri/feed.atom")
def feed() -> Response:
    """What became public last, as Atom (RFC 4287)."""
    with desk().database.read() as session:
        news = public.news(session, NEWS)
    made = render_template(
        "registry/feed.xml",
        news=news,
        updated=news[0].at if news else NO_NEWS_SINCE,
        address=desk().settings.address,
    )
    return published(made.encode(), "application/atom+xml")


@bp.get("/registri/<number>")
@shareable
def show(number: str) -> str:
    with desk().database.read() as session:
        found = public.record(session, number)
        given = certificates.of(session, found.case) if found else None
    if found is None:
        abort(404)
    measures = [
        measure
        for measure in (result_view.measures(found.case) if found.in_use else [])
        if public.tells_of_nobody(found.case, f"{measure.title} {measure.unit} {measure.source}")
    ]
    reader = viewer()
    return render_template(
        "registry/show.html",
        record=found,
        card=_card(found.case),
        measures=measures,
        certificate=given,
        may_edit_agencies=reader is not None and policy.may_edit_agencies(reader),
    )


@bp.get("/usulan/<number>/piagam.pdf")
@signed_in
def certificate(number: str) -> Response:
    """The certificate, for those who may see the case; everybody else checks it on the public page."""
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        given = certificates.of(session, case)
        if given is None:
            raise NotFound
        made = paper(session, given, desk().settings.address)
    head = {"Content-Disposition": f"inline; filename=piagam-{given.number}.pdf"}
    return Response(made, content_type="application/pdf", headers=head)


@bp.get("/data/registri.csv")
def as_csv() -> Response:
    head = [field.name for field in fields(public.Line)]
    rows = [[str(value) for value in row.values()] for row in _rows()]
    return published(sheets.as_csv([head, *rows]), "text/csv; charset=utf-8")


@bp.get("/data/registri.json")
def as_json() -> Response:
    return published(json.dumps(_rows(), ensure_ascii=False).encode(), "application/json")


@bp.get("/data/katalog.jsonld")
def catalogue() -> Response:
    """The open data told in the words of W3C DCAT 3; no conformance to a profile is claimed."""
    address = desk().settings.address
    told = {
        "@context": {"dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/"},
        "@id": f"{address}/data/katalog.jsonld",
        "@type": "dcat:Dataset",
        "dct:title": {"@value": "Registri inovasi Kabupaten Sragen", "@language": "id"},
        "dct:language": "id",
        "dcat:landingPage": {"@id": f"{address}/registri"},
        "dcat:distribution": [
            {
                "@type": "dcat:Distribution",
                "dcat:downloadURL": {"@id": f"{address}/data/registri.{ending}"},
                "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{kind}"},
            }
            for ending, kind in DATA.items()
        ],
    }
    return published(json.dumps(told, ensure_ascii=False).encode(), "application/ld+json")


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    address = desk().settings.address
    places = ["/", "/registri", "/proses", *(f"/registri/{row['number']}" for row in _rows())]
    made = render_template("registry/sitemap.xml", places=[address + p for p in places[: public.MOST_TAKEN]])
    return published(made.encode(), "application/xml")


@bp.get("/robots.txt")
def robots() -> Response:
    said = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    said.append(f"Sitemap: {desk().settings.address}/sitemap.xml")
    return published("\n".join([*said, ""]).encode(), "text/plain; charset=utf-8")


def _rows() -> list[dict[str, Any]]:
    with desk().database.read() as session:
        return [asdict(line) for line in public.lines(session)]


def _card(case: Case) -> dict[str, Any]:
    return {"case": case, "marks": case_view.stage_marks(case, now(), locale())}
