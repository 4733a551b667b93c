"""The market of proven innovations, the adopters of one, interest in it and offers of it."""

from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from flask import Blueprint, flash, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import case_view, forms
from web.context import actor, desk, me, now
from web.guards import signed_in
from web.language import locale
from web.language import say as _
from web.once import once
from workflow import adoptions, commands, family_tree, market, matchmaking, policy, validation
from workflow.adoptions import Member
from workflow.calendar import wib_date
from workflow.commands.find import one
from workflow.errors import Invalid, NotFound, Problem, Reason, Refused
from workflow.models import Case

bp = Blueprint("adoptions", __name__, url_prefix="/adopsi")

INTEREST = "adoption_interest"
SUMMARIES = (
    ("innovation_proposal", "summary"),
    ("change_plan", "summary"),
    ("pilot_report", "result_after"),
)


@bp.get("")
@signed_in
def index() -> str:
    wanted, page = _wanted(), _page_number()
    with desk().database.read() as session:
        stalls, total = market.stalls(session, wanted, page)
        mine = market.adoptions_of(session, me())
        origins = {case.id: case.parent.agency.short_name for case in mine if case.parent}
    choices = _choices(wanted)
    rows = [case_view.row(case, now(), locale()) | {"origin": origins.get(case.id, "")} for case in mine]
    return render_template(
        "adoptions/index.html",
        stalls=[_stall(stall) for stall in stalls],
        mine=rows,
        total=total,
        filters=choices,
        q=wanted.q,
        active=_active(wanted, choices),
        next_href=_href(wanted, page + 1) if page * market.PAGE < total else None,
        previous_href=_href(wanted, page - 1) if page > 1 else None,
    )


def _stall(stall: market.Stall) -> dict[str, Any]:
    affairs = matchmaking.affairs_of(stall.case)
    return {
        "case": stall.case,
        "adopted": stall.adopted,
        "under_way": stall.under_way,
        "affair": affairs[0] if affairs else "",
        "summary": _summary(stall.case),
        "category": case_view.category_words(stall.case.category),
    }


def _wanted() -> market.Wanted:
    affair = request.args.get("affair", "")
    category = request.args.get("category", "")
    return market.Wanted(
        q=_clean(request.args.get("q", "")),
        category=category if category in {"digital", "non_digital"} else "",
        affair=affair if affair in _affairs() else "",
        untaken=request.args.get("untaken") == "1",
    )


def _clean(text: str) -> str:
    return text.strip()[:200] if validation.storable(text) else ""


def _affairs() -> list[str]:
    return list(validation.schema("innovation_proposal")["properties"]["main_affair"]["enum"])


def _page_number() -> int:
    text = request.args.get("halaman", "1")
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 6 else 1  # noqa: PLR2004


def _choices(wanted: market.Wanted) -> list[dict[str, Any]]:
    pairs = [
        (
            "category",
            _("Jenis"),
            [("digital", _("Digital")), ("non_digital", _("Non digital"))],
            wanted.category,
        ),
        ("affair", _("Urusan"), [(affair, affair) for affair in _affairs()], wanted.affair),
        ("untaken", _("Adopsi"), [("1", _("Belum diadopsi"))], "1" if wanted.untaken else ""),
    ]
    return [
        {
            "name": name,
            "title": title,
            "options": [{"value": v, "label": label, "selected": v == chosen} for v, label in options],
        }
        for name, title, options, chosen in pairs
    ]


def _active(wanted: market.Wanted, choices: list[dict[str, Any]]) -> list[dict[str, str]]:
    found = []
    for choice in choices:
        for option in choice["options"]:
            if option["selected"]:
                less = market.Wanted(**{**vars(wanted), choice["name"]: type(vars(wanted)[choice["name"]])()})
                found.append(
                    {"label": f"{choice['title']}: {option['label']}", "remove_href": _href(less, 1)}
                )
    if wanted.q:
        less = market.Wanted(**{**vars(wanted), "q": ""})
        found.append({"label": f"“{wanted.q}”", "remove_href": _href(less, 1)})
    return found


def _href(wanted: market.Wanted, page: int) -> str:
    chosen: dict[str, Any] = {k: "1" if v is True else v for k, v in vars(wanted).items() if v}
    if page > 1:
        chosen["halaman"] = page
    return f"/adopsi?{urlencode(chosen)}" if chosen else "/adopsi"


# --- one innovation and its adopters -------------------------------------------------------------------


@bp.get("/<number>")
@signed_in
def show(number: str) -> str:
    return _page(number)


@bp.post("/<number>/minat")
@signed_in
def interest(number: str) -> Response | tuple[str, int]:
    document = forms.parse(INTEREST, request.form.to_dict(flat=False))
    try:
        with desk().database.write() as session, once(session, [number, document]) as call:
            if call.location is None:
                case = commands.express_interest(session, actor(session), number, document)
                call.location = f"/usulan/{case.number}"
                flash(_("Minat tercatat dengan nomor %(number)s.", number=case.number), "ok")
    except Invalid as refusal:
        found = [Problem(p.pointer.removeprefix("/form"), p.message) for p in refusal.problems]
        return _page(number, document, found), 422
    except Refused as refusal:
        return _page(number, document, reasons=refusal.reasons), 409
    return redirect(call.location or "/adopsi")


@bp.post("/<number>/tawaran")
@signed_in
def offer(number: str) -> Response | tuple[str, int]:
    code, note = request.form.get("agency", ""), request.form.get("note", "")
    try:
        with desk().database.write() as session, once(session, [number, code, note]) as call:
            if call.location is None:
                case = commands.offer(session, actor(session), number, code, note)
                call.location = f"/adopsi/{number}#peluang"
                flash(
                    _("Tawaran %(number)s dikirim kepada %(who)s.", number=case.number, who=case.agency.name),
                    "ok",
                )
    except Invalid as refusal:
        return _page(number, offer_problems=refusal.problems), 422
    except Refused as refusal:
        return _page(number, offer_problems=[Problem("/agency", r.message) for r in refusal.reasons]), 409
    return redirect(call.location or "/adopsi")


def _page(
    number: str,
    document: dict[str, Any] | None = None,
    problems: list[Problem] | None = None,
    reasons: list[Reason] | None = None,
    offer_problems: list[Problem] | None = None,
) -> str:
    with desk().database.read() as session:
        case = one(session, number)
        if case is None or not adoptions.can_be_adopted(case):
            raise NotFound
        root = adoptions.root_of(case)
        members = adoptions.family(session, root)
        seen = {m.case.number for m in members if policy.may_see(me(), m.case)}
        against = reasons or _against(session, members, case)
        fitting = matchmaking.matches(session, root, wib_date(now())) if policy.may_offer(me()) else []
        network, regions = adoptions.network(session, root), adoptions.other_regions(root)
    return render_template(
        "adoptions/show.html",
        case=case,
        root=root,
        summary=_summary(root),
        affairs=matchmaking.affairs_of(root),
        category=case_view.category_words(root.category),
        members=[case_view.member(m, members, seen, now(), locale()) for m in members],
        drawing=family_tree.draw(
            members, case.number, _("Silsilah adopsi %(title)s", title=root.title), locale()
        ),
        against=against,
        network=network,
        regions=root.forms.get("external_replication", []),
        region_count=len(regions),
        sections=forms.sections(INTEREST, document or {}, locale(), problems or []),
        problems=forms.problem_links(INTEREST, problems or []),
        matches=fitting,
        may_offer=policy.may_offer(me()),
        offer_problems=offer_problems or [],
        posted=request.form,
        key=request.form.get("key") if problems else uuid4().hex,
        offer_key=uuid4().hex,
        may_open=root.number in seen,
    )


def _against(session: Session, members: list[Member], case: Case) -> list[Reason]:
    """Why this person cannot say that their agency is interested."""
    home = actor(session).user
    if home is None or home.agency is None or not policy.may_adopt(home):
        return [Reason("agency", _("Minat disampaikan oleh ASN yang terdaftar pada suatu perangkat daerah."))]
    return adoptions.objections(members, case, home.agency)


def _summary(case: Case) -> str:
    """What the innovation is about, in its own words."""
    held = ((case.forms.get(form), key) for form, key in SUMMARIES)
    return next((str(form[key]) for form, key in held if isinstance(form, dict) and form.get(key)), "")
