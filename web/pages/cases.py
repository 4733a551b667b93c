"""Beginning a case, and the page of one."""

from typing import Any
from uuid import uuid4

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import case_view, forms, result_view
from web.context import actor, desk, me, now
from web.guards import signed_in
from web.language import locale
from web.once import once
from workflow import (
    adoptions,
    certificates,
    commands,
    comparison,
    discussion,
    extensions,
    family_tree,
    held,
    nudges,
    policy,
    queries,
    readable,
    revision,
    submissions,
    validation,
)
from workflow.adoptions import Member
from workflow.commands.find import one
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, NotFound, Problem
from workflow.guards import average, counted, missing, reviews_of, spread, time_over
from workflow.models import Agency, Case, Cohort, Event, Review, SeminarSlot
from workflow.seminars import lists, words

bp = Blueprint("cases", __name__, url_prefix="/usulan")

LARGEST_SEQ = 2**31 - 1
TABS = ("ringkasan", "formulir", "telaah", "surel", "riwayat")


# --- beginning and correcting ------------------------------------------------------------------------


@bp.route("/baru", methods=["GET", "POST"])
@signed_in
def new() -> str | Response | tuple[str, int]:
    if not policy.may_propose(me()):
        raise Forbidden("Hanya ASN yang terdaftar pada suatu perangkat daerah yang dapat mengajukan usulan.")
    if request.method == "GET":
        home = me().agency
        return _cover({"agency": home.code if home else ""}, None, 200)
    document = _posted_cover()
    try:
        with desk().database.write() as session, once(session, document) as call:
            if call.location is None:
                case = commands.start(session, actor(session), document)
                call.location = f"/usulan/{case.number}"
    except Invalid as refusal:
        return _cover(document, refusal.problems, 422)
    return redirect(call.location or "/usulan")


@bp.route("/<number>/ubah", methods=["GET", "POST"])
@signed_in
def amend(number: str) -> str | Response | tuple[str, int]:
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        version = commands.etag(case)
    if request.method == "GET":
        return _cover(_cover_of(case), None, 200, case, version)
    document = _posted_cover()
    try:
        with desk().database.write() as session:
            commands.amend(session, actor(session), number, document, request.form.get("version"))
    except Invalid as refusal:
        return _cover(document, refusal.problems, 422, case, version)
    return redirect(f"/usulan/{number}")


def _posted_cover() -> dict[str, Any]:
    return forms.parse(
        "proposal_create",
        request.form.to_dict(flat=False),
        ("title", "category", "agency", "cohort", "mentor"),
    )


def _cover_of(case: Case) -> dict[str, Any]:
    mentor = case.holder("mentor")
    return {
        "title": case.title,
        "category": case.category,
        "agency": case.agency.code,
        "cohort": case.cohort.code if case.cohort else "",
        "mentor": mentor.email if mentor else "",
    }


def _cover(
    document: dict[str, Any],
    problems: list[Problem] | None,
    status: int,
    case: Case | None = None,
    version: str | None = None,
) -> str | tuple[str, int]:
    with desk().database.read() as session:
        agencies = list(session.scalars(select(Agency).order_by(Agency.path)))
        cohorts = list(session.scalars(select(Cohort).order_by(Cohort.year.desc(), Cohort.name)))
    choices = {
        "agency": [(a.code, a.name) for a in agencies if case or _own_family(a)]
        or [(a.code, a.name) for a in agencies],
        "cohort": [(c.code, c.name) for c in cohorts],
    }
    html = render_template(
        "cases/cover.html",
        sections=forms.sections("proposal_create", document, locale(), problems or (), choices),
        problems=forms.problem_links("proposal_create", problems or []),
        case=case,
        version=version,
        key=None if case else request.form.get("key") or uuid4().hex,
    )
    return html if status == 200 else (html, status)  # noqa: PLR2004


def _own_family(agency: Agency) -> bool:
    home = me().agency
    if home is None or me().global_roles & {"coordinator", "organiser"}:
        return True
    return agency.path.startswith(home.path) or home.path.startswith(agency.path)


# --- one case --------------------------------------------------------------------------------------------


@bp.get("/<number>")
@signed_in
def show(number: str) -> str | Response:
    try:
        return _show(number)
    except NotFound:
        if _by_copy(number):
            return redirect(f"/telaah/{number}")
        raise


def _by_copy(number: str) -> bool:
    """Whether this person reviews the case blind, and so reads the redacted copy instead of this page."""
    with desk().database.read() as session:
        found = one(session, number)
        return found is not None and policy.may_read_redacted(me(), found)


def _show(number: str) -> str:
    tab = request.args.get("tab", TABS[0])
    with desk().database.read() as session:
        who = actor(session)
        case = commands.find(session, who, number)
        events = queries.events_of(session, case)
        people = queries.people_by_id(session, _mentioned(events))
        emails = queries.emails_of(session, case)
        found = commands.options(session, who, case)
        given = reviews_of(session, case)
        ever = queries.reviews_ever(session, case)
        evidence = queries.evidence_of(session, case)
        family, seen = _kin(session, case)
        adaptation, slot = comparison.adaptation(case, locale()), lists.slot_of(session, case)
        files = revision.files(session, case.id)
        open_to = discussion.audiences(session, who.user, case) if who.user else ()
        certificate, turn = certificates.of(session, case), _holders(session, case, events)
        room, kept = extensions.room(session, case, now()), held.open_of(session, case)
    user, roles = me(), policy.roles_on(me(), case)
    staff = policy.may_see_reviews(user, case, reviewed_by_me=False)
    mine = any(r.reviewer_id == user.id for r in given)
    rule = process(case.process).states[case.state].review
    peers = policy.may_see_reviews(
        user, case, reviewed_by_me=mine, others=rule.others if rule else "after_own"
    )
    lack = missing(case, rule, given, now()) if rule and time_over(case, now()) else None
    extra = _extra(case, roles, mine=mine, extend=lack is not None and _may_extend(room, roles))
    mails = {e.id: sum(1 for m in emails if m.event_id == e.id and not m.muted) for e in events}
    return render_template(
        "cases/show.html",
        case=case,
        tab=tab if tab in TABS else TABS[0],
        certificate=certificate,
        seminar=_seminar(slot),
        flow=process(case.process),
        state=process(case.process).states[case.state],
        pill=case_view.state_pill(case, now(), locale()),
        turn=case_view.turn_words(case),
        category=case_view.category_words(case.category),
        marks=case_view.stage_marks(case, now(), locale(), case_view.stages_left(events)),
        step=case_view.next_step(case, found, now(), locale(), {"version": commands.etag(case)}, extra),
        timeline=case_view.timeline(case, _readable(case, events), people, mails, locale()),
        forms=_filled(case),
        emails=[m for m in emails if m.recipient_id == user.id or policy.may_see_all_mail(user, case)],
        people=people,
        reviews=[r for r in ever if staff or peers or r.reviewer_id == user.id],
        review_answers={r.id: _sheet(case, r) for r in ever},
        review_count=len(counted(given)),
        average=average(given) if staff or peers else None,
        spread=spread(given) if staff else None,
        evidence_count=len(evidence),
        message_count=sum(1 for e in events if e.name == discussion.SAID and e.data["audience"] in open_to),
        measures=result_view.measures(case),
        milestones=result_view.milestones(case, evidence),
        adaptation=adaptation,
        requests=revision.requests(case),
        files=files,
        family=_family(case, family, seen),
        roles=roles,
        note=_last_note(events),
        may_hand_over=bool(roles & policy.HAND_OVER) and case.outcome not in {"rejected", "withdrawn"},
        may_amend=bool(roles & policy.WRITERS) and _in_own_hands(case),
        holders=turn,
        may_nudge=any(holder.again is None and holder.user.id != user.id for holder in turn),
        room=room,
        may_extend=_may_extend(room, roles),
        lack=lack,
        kept=kept if kept and held.step_of(kept).by & roles else None,
        now=now(),
    )


def _holders(session: Session, case: Case, events: list[Event]) -> list[nudges.Holder]:
    """Who holds the turn, for those who may remind them."""
    return nudges.holders(session, case, events, now()) if policy.may_nudge(me(), case) else []


def _kin(session: Session, case: Case) -> tuple[list[Member], set[str]]:
    """The adoptions around a case, and the numbers of those that this person may open."""
    members = adoptions.family(session, adoptions.root_of(case))
    return members, {m.case.number for m in members if policy.may_see(me(), m.case)}


def _seminar(slot: SeminarSlot | None) -> dict[str, Any] | None:
    """When and where the case is presented, for those who sit there."""
    if slot is None or not policy.may_see_slot(me(), slot):
        return None
    return {"id": slot.seminar_id, "line": words.line(slot, locale()), "over": slot.ends_at <= now()}


def _family(case: Case, members: list[Member], seen: set[str]) -> dict[str, Any] | None:
    """The adoptions around a case, drawn and as rows; nothing where there are none."""
    if len(members) == 1:
        return None
    title = _("Silsilah adopsi %(title)s", title=case.title)
    return {
        "drawing": family_tree.draw(members, case.number, title, locale()),
        "members": [case_view.member(m, members, seen, now(), locale()) for m in members],
        "adopted": sum(1 for m in members[1:] if m.case.outcome == adoptions.ADOPTED),
    }


def _readable(case: Case, events: list[Event]) -> list[Event]:
    """Without the notes that are not for this person; and without events that would only say there is one.

    What was said in the discussion stands on its own page.
    """
    return [
        e
        for e in events
        if e.name != discussion.SAID and policy.may_read_note(me(), case, e.name, e.actor_id)
    ]


def _sheet(case: Case, review: Review) -> list[dict[str, Any]]:
    """A review as its rubric asks for it, to read; the comment stands beside it already."""
    rule = process(case.process).states[review.state].review
    return readable.answers(rule.rubric, {"scores": review.scores}, locale())[:1] if rule else []


def _mentioned(events: list[Event]) -> set[int]:
    found = {e.actor_id for e in events if e.actor_id}
    return found | {e.data["user"] for e in events if isinstance(e.data.get("user"), int)}


def _in_own_hands(case: Case) -> bool:
    flow = process(case.process)
    first = flow.pipeline(case.pipeline)[0].name
    return case.stage == first and flow.states[case.state].owner == "proposer" and not case.outcome


def _may_extend(room: extensions.Room | None, roles: frozenset[str]) -> bool:
    return room is not None and room.left > 0 and bool(roles & set(room.rule.by))


def _extra(case: Case, roles: frozenset[str], *, mine: bool, extend: bool) -> list[case_view.Action]:
    rule = process(case.process).states[case.state].review
    if rule is None:
        return []
    found = []
    if "reviewer" in roles and not mine:
        found.append(case_view.Action(_("Beri penilaian"), "positive", f"/telaah/{case.number}"))
    if set(rule.assign) & roles:
        count = len(case.holders("reviewer", case.state))
        enough = count >= rule.reviewers
        assign = _("Tugaskan penelaah (%(n)s dari %(all)s)", n=count, all=rule.reviewers)
        title, tone = (_("Lihat penelaah"), "neutral") if enough else (assign, "positive")
        found.append(case_view.Action(title, tone, f"/usulan/{case.number}/penelaah"))
    if extend:
        found.append(
            case_view.Action(_("Perpanjang batas waktu"), "neutral", f"/usulan/{case.number}/tenggat")
        )
    return found


def _filled(case: Case) -> list[dict[str, Any]]:
    """Submitted forms, latest stage last; a collecting form once per entry."""
    found = []
    for name, answer in case.forms.items():
        if name in {revision.REQUESTS, revision.ANSWERS}:
            continue
        title = validation.label(name, [], locale())
        documents = answer if isinstance(answer, list) else [answer]
        for index, document in enumerate(documents, start=1):
            suffix = f" {index}" if isinstance(answer, list) else ""
            found.append(
                {
                    "name": name,
                    "title": f"{title}{suffix}",
                    "sections": readable.answers(name, document, locale()),
                }
            )
    return found


def _last_note(events: list[Event]) -> dict[str, Any] | None:
    """What was asked for when the case came back to its proposer."""
    for event in reversed(events):
        if "transition" in event.data and event.data["to"] != event.data["from"]:
            note = (event.content or {}).get("note")
            return {"text": note, "event": event} if note else None
    return None


@bp.get("/<number>/versi/<int:seq>")
@signed_in
def version(number: str, seq: int) -> str:
    """A form as it was handed in at one time, beside the time before."""
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        found = submissions.version(session, case, seq, locale()) if seq <= LARGEST_SEQ else None
        if found is None:
            raise NotFound
        people = queries.people_by_id(session, _mentioned(found.versions))
    return render_template(
        "cases/version.html",
        case=case,
        found=found,
        title=validation.label(found.form, [], locale()),
        sections=readable.answers(found.form, found.document, locale()),
        people=people,
    )


@bp.route("/<number>/alih", methods=["GET", "POST"])
@signed_in
def hand_over(number: str) -> str | Response | tuple[str, int]:
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
    problems: list[Problem] = []
    if request.method == "POST":
        try:
            with desk().database.write() as session:
                commands.hand_over(
                    session,
                    actor(session),
                    number,
                    request.form.get("successor", ""),
                    request.form.get("note", ""),
                    request.form.get("version"),
                )
        except Invalid as refusal:
            problems = refusal.problems
        else:
            return redirect(url_for("cases.show", number=number) if _still_mine(number) else "/usulan")
    html = render_template(
        "cases/hand_over.html",
        case=case,
        problems=problems,
        version=commands.etag(case),
        posted=request.form,
    )
    return (html, 422) if problems else html


def _still_mine(number: str) -> bool:
    with desk().database.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        return policy.may_see(me(), case)
