"""Taking a step: a wizard where the step has a form, one question where it needs a note."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from flask import Blueprint, flash, jsonify, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import case_view, checklist, dates, forms
from web.context import actor, desk, me, now
from web.guards import signed_in
from web.language import locale
from web.language import say as _
from web.once import once
from workflow import commands, readable, revision, validation
from workflow.commands.advance import Approach
from workflow.commands.drafts import load_draft, writable_step
from workflow.definition import Transition, process
from workflow.errors import Invalid, Problem, Reason, Refused, Stale
from workflow.guards import Attempt, unmet
from workflow.ledger import Actor
from workflow.models import Case, Draft
from workflow.prefill import answers, prefilled, sources
from workflow.search.similar import Similar, similar

bp = Blueprint("steps", __name__, url_prefix="/usulan/<number>/langkah/<name>")

REVIEW = "periksa"
HOLD = "hold"
NEIGHBOURS = {"next": 1, "back": -1}
DRAFT_CONFLICT = (
    "Bagian ini disimpan di tempat lain sejak Anda membukanya. "
    "Isian Anda ada di bawah; simpan lagi untuk memakainya."
)


@dataclass
class Situation:
    """A step about to be taken, with its draft."""

    case: Case
    step: Transition
    draft: Draft | None
    document: dict[str, Any]
    reasons: list[Reason]

    @cached_property
    def problems(self) -> list[Problem]:
        """All that is wrong with the document."""
        return validation.problems(self.step.form, self.document, locale()) if self.step.form else []

    @property
    def sections(self) -> list[forms.Section]:
        return forms.sections(self.step.form, self.document, locale()) if self.step.form else []

    @property
    def is_wizard(self) -> bool:
        return self.step.form is not None and forms.is_wizard(self.step.form)


@bp.get("")
@signed_in
def show(number: str, name: str) -> str:
    found = _situation(number, name)
    part = request.args.get("bagian") or (found.sections[0].id if found.is_wizard else REVIEW)
    problems = found.problems if request.args.get("periksa") or (part == REVIEW and found.is_wizard) else []
    return _page(found, part, problems)


@bp.post("")
@signed_in
def act(number: str, name: str) -> str | Response | tuple[str, int]:
    action, part = request.form.get("_action", "next"), request.form.get("section", REVIEW)
    if part == REVIEW and action in {"submit", HOLD}:
        return _submit(number, name)
    found = _situation(number, name)
    if found.step.form and part != REVIEW:
        return _save_section(found, part, action)
    if found.step.form and not found.is_wizard:
        found.document = _posted(found.step.form)
        if action.startswith(("add:", "remove:")):
            found.document = forms.change_rows(found.step.form, found.document, action)
            return _page(found, REVIEW, [])
        if action == "save":
            return _save_section(found, REVIEW, action)
    return _submit(number, name)


@bp.post("/draf")
@signed_in
def autosave(number: str, name: str) -> Response | tuple[Response, int]:
    """Save what is on the page; answers in JSON for the page's script."""
    found = _situation(number, name)
    part = request.form.get("section", REVIEW)
    document = _merged(found, part if part != REVIEW else None)
    try:
        version, saved = _store(found, document)
    except Stale:
        return jsonify(href=f"{_href(found)}?bagian={part}"), 409
    except Invalid as refusal:
        return jsonify(errors=[{"pointer": p.pointer, "message": p.message} for p in refusal.problems]), 422
    return jsonify(version=version, saved_text=_saved_text(saved))


def _situation(number: str, name: str) -> Situation:
    with desk().database.read() as session:
        who = actor(session)
        case = commands.find(session, who, number)
        step = writable_step(case, who, name)
        draft = load_draft(session, case, step.form) if step.form else None
        reasons = unmet(Attempt(session, process(case.process), case, step, now(), who.user_id))
    return Situation(case, step, draft, _opening(case, step, draft), reasons)


def _opening(case: Case, step: Transition, draft: Draft | None) -> dict[str, Any]:
    """The draft, else the last submission of the same form, else what earlier forms can give."""
    if draft is not None:
        saved = dict(draft.data)
        return revision.blank_answers(case, saved) if step.form == revision.ANSWERS else saved
    if step.form is None:
        return {}
    if step.form == revision.ANSWERS:
        return revision.blank_answers(case, {})
    held = case.forms.get(step.form)
    return dict(held) if isinstance(held, dict) else prefilled(step.form, answers(case))


def _merged(found: Situation, part: str | None) -> dict[str, Any]:
    """The stored document with one section (or all) replaced by what was posted."""
    if found.step.form is None:
        return {}
    posted = request.form.to_dict(flat=False)
    if part is None:
        return forms.parse(found.step.form, posted)
    names = next((s.names for s in found.sections if s.id == part), [])
    kept = {key: value for key, value in found.document.items() if key not in names}
    return forms.drop_hidden(found.step.form, kept | forms.parse(found.step.form, posted, names))


def _save_section(found: Situation, part: str, action: str) -> str | Response | tuple[str, int]:
    found.document = _merged(found, part if part != REVIEW else None)
    if action.startswith(("add:", "remove:")) and found.step.form:
        found.document = forms.change_rows(found.step.form, found.document, action)
    try:
        _store(found, found.document)
    except Invalid as refusal:
        return _page(found, part, _unprefixed(refusal.problems)), 422
    except Stale:
        return _conflict(found, part), 409
    if action in NEIGHBOURS:
        return redirect(_neighbour(found, part, NEIGHBOURS[action]))
    if action == "save":
        flash(_("Draf tersimpan."), "ok")
        return redirect(f"/usulan/{found.case.number}")
    return redirect(f"{_href(found)}?bagian={part}#section-{part}")


def _store(found: Situation, document: dict[str, Any]) -> tuple[str, Draft]:
    with desk().database.write() as session:
        who = actor(session)
        draft = commands.save_draft(
            session,
            who,
            found.case.number,
            document,
            request.form.get("version"),
            found.step.name,
        )
        return commands.etag(commands.find(session, who, found.case.number)), draft


def _submit(number: str, name: str) -> str | Response | tuple[str, int]:
    """Take the step at once; what a page would show is only read where something is in the way."""
    asked = [pair for pair in request.form.items(multi=True) if pair[0] != "csrf_token"]
    try:
        with desk().database.write() as session, once(session, asked) as call:
            if call.location is None:
                who, version = actor(session), request.form.get("version")
                found = commands.approach(session, who, number, name, expected=version)
                _do(session, who, found, version)
                call.location = f"/usulan/{number}"
    except Invalid as refusal:
        return _page(_resubmitted(number, name), REVIEW, _unprefixed(refusal.problems)), 422
    except Refused as refusal:
        situation = _resubmitted(number, name)
        situation.reasons = refusal.reasons
        return _page(situation, REVIEW, []), 409
    return redirect(call.location or f"/usulan/{number}")


def _do(session: Session, who: Actor, found: Approach, version: str | None) -> None:
    """Take the step, or hold it as a decision."""
    note, form = request.form.get("note"), _handed_in(found.step)
    title = found.step.title(locale())
    if request.form.get("_action") == HOLD:
        commands.hold(session, who, found, expected=version, note=note, form=form)
        flash(_("“%(step)s” ditahan; belum ada yang diberi tahu.", step=title), "ok")
    else:
        commands.complete(session, who, found, expected=version, note=note, form=form)
        flash(_("“%(step)s” sudah dicatat.", step=title), "ok")


def _handed_in(step: Transition) -> dict[str, Any] | None:
    """The posted form; None where the draft is what counts, or nothing is to be filled in."""
    return _posted(step.form) if step.form and not forms.is_wizard(step.form) else None


def _posted(form: str) -> dict[str, Any]:
    return forms.drop_hidden(form, forms.parse(form, request.form.to_dict(flat=False)))


def _resubmitted(number: str, name: str) -> Situation:
    """Where the person stands now, with what was just sent instead of what is stored."""
    found = _situation(number, name)
    sent = _handed_in(found.step)
    if sent is not None:
        found.document = sent
    return found


def _unprefixed(problems: list[Problem]) -> list[Problem]:
    return [Problem(p.pointer.removeprefix("/form"), p.message) for p in problems]


def _page(
    found: Situation,
    part: str,
    problems: list[Problem],
    conflict: list[dict[str, Any]] | None = None,
) -> str:
    form = found.step.form
    sections = _sections(found, problems)
    here = next((s for s in sections if s.id == part), None)
    single = sections[0] if form and not found.is_wizard else None
    return render_template(
        "cases/step.html",
        case=found.case,
        step=found.step,
        form_title=validation.label(form, [], locale()) if form else "",
        section=here or single,
        part=part,
        wizard=_wizard(found, sections, part, problems) if found.is_wizard else [],
        answers=readable.answers(form, found.document, locale())
        if form and found.is_wizard and here is None
        else [],
        problems=forms.problem_links(form, problems)
        if form
        else [{"message": p.message, "id": "note"} for p in problems],
        section_of={key: s.id for s in sections for key in s.names},
        similar=_similar(found) if here is None else [],
        reasons=[r for r in found.reasons if r.guard not in case_view.UNOFFERED],
        version=commands.etag(found.case) if conflict is None else _fresh_version(found),
        key=uuid4().hex,
        saved_text=_saved_text(found.draft) if found.draft else None,
        conflict=conflict,
        conflict_text=DRAFT_CONFLICT,
        note=request.form.get("note", ""),
        requests=_to_answer(found.case, found.step),
        files=_files(found.case),
        last=bool(sections) and here is sections[-1],
        href=_href(found),
    )


def _to_answer(case: Case, step: Transition) -> list[revision.Request]:
    """What a form that goes back was returned for."""
    guarded = any(guard.name == "requests_answered" for guard in step.guards)
    return revision.latest(case) if guarded else []


def _similar(found: Situation) -> list[Similar]:
    """What resembles a proposal that is about to be handed in for the first time."""
    flow = process(found.case.process)
    proposing = found.case.stage == flow.pipeline(found.case.pipeline)[0].name
    if not proposing or found.step.form is None or found.step.collect or found.step.form in found.case.forms:
        return []
    with desk().database.read() as session:
        return similar(session, me(), found.case.title, found.case.id)


def _sections(found: Situation, problems: list[Problem]) -> list[forms.Section]:
    """The form, each value that still is what an earlier form gave marked with that form's name."""
    form = found.step.form
    if form is None:
        return []
    earlier = prefilled(form, answers(found.case))
    taken = {
        key: validation.label(source, [], locale())
        for key, source in sources(form, answers(found.case)).items()
        if found.document.get(key) == earlier[key]
    }
    asked = checklist.at_fields(found.case, form)
    drawn = forms.sections(form, found.document, locale(), problems, sources=taken, asked=asked)
    if form == revision.REQUESTS:
        with desk().database.read() as session:
            known = revision.places(session, found.case, found.step, locale())
        return checklist.with_places(drawn, known)
    if form == revision.ANSWERS:
        return checklist.with_questions(drawn, found.case, _files(found.case), locale())
    return drawn


def _files(case: Case) -> dict[str, str]:
    with desk().database.read() as session:
        return revision.files(session, case.id)


def _wizard(
    found: Situation, sections: list[forms.Section], part: str, problems: list[Problem]
) -> list[dict[str, str]]:
    checked = found.problems
    wrong = {p.pointer.split("/")[1] for p in checked if p.pointer}
    shown = {p.pointer.split("/")[1] for p in problems if p.pointer}
    steps = [
        {
            "title": s.title,
            "href": f"{_href(found)}?bagian={s.id}",
            "mark": _mark(found, s, part, wrong, shown),
        }
        for s in sections
    ]
    ready = "now" if part == REVIEW else "todo" if checked else "done"
    text = _("Siap diajukan") if not checked else _("%(n)s isian belum lengkap", n=len(checked))
    return [
        *steps,
        {
            "title": _("Periksa dan ajukan"),
            "href": f"{_href(found)}?bagian={REVIEW}",
            "mark": ready,
            "text": text,
        },
    ]


def _mark(found: Situation, section: forms.Section, part: str, wrong: set[str], shown: set[str]) -> str:
    names = set(section.names)
    if section.id == part:
        return "now"
    if names & shown:
        return "problem"
    if not names & wrong:
        return "done"
    return "problem" if names & set(found.document) else "todo"


def _conflict(found: Situation, part: str) -> str:
    """Both versions: the person's own in the fields, the stored one beside them."""
    stored = _situation(found.case.number, found.step.name)
    form = found.step.form or ""
    differing = [
        key
        for key in {**found.document, **stored.document}
        if found.document.get(key) != stored.document.get(key)
    ]
    theirs = readable.answers(form, {k: v for k, v in stored.document.items() if k in differing}, locale())
    rows = [item for group in theirs for item in group["items"] if item["value"] or item.get("rows")]
    return _page(found, part, [], rows)


def _fresh_version(found: Situation) -> str:
    with desk().database.read() as session:
        return commands.etag(commands.find(session, actor(session), found.case.number))


def _neighbour(found: Situation, part: str, distance: int) -> str:
    """The part before or after this one; behind the last section everything is checked."""
    parts = [*(s.id for s in found.sections), REVIEW]
    position = parts.index(part) + distance if part in parts else 0
    return f"{_href(found)}?bagian={parts[max(0, min(position, len(parts) - 1))]}"


def _href(found: Situation) -> str:
    return f"/usulan/{found.case.number}/langkah/{found.step.name}"


def _saved_text(draft: Draft) -> str:
    return _("Tersimpan %(time)s", time=dates.clock_time(draft.saved_at))
