"""The profil inovasi as it stands: where answers come from, its words, the ministry's form of the year."""

from collections import Counter
from typing import Any

from flask import Blueprint, render_template

from web.context import actor, desk, me
from web.guards import signed_in
from web.language import locale
from web.language import say as _
from web.pages.entries import profile_href
from workflow import commands, policy, validation
from workflow.errors import NotFound
from workflow.iid.catalogue import Profile
from workflow.iid.entries import PROFILE, Standing, is_entry, standing
from workflow.models import Case
from workflow.prefill import prefilled, sources
from workflow.readable import answers
from workflow.validation import count_words, schema

bp = Blueprint("profile", __name__, url_prefix="/usulan/<number>/profil")


@bp.get("")
@signed_in
def show(number: str) -> str:
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        if not is_entry(case):
            raise NotFound
        found = standing(session, case)
    words, sections = _words(found), _sections(case, found)
    origins = Counter(item["origin"] for section in sections for item in section["items"])
    return render_template(
        "cases/profile.html",
        case=case,
        found=found,
        sections=sections,
        origins=origins,
        words=words,
        total=sum(count for _title, count in words),
        least=found.catalogue.entry.least_words,
        differences=_differences(found.catalogue.profile),
        profile_href=profile_href(case, policy.roles_on(me(), case)),
    )


def _sections(case: Case, found: Standing) -> list[dict[str, Any]]:
    """The form's sections as read, each answer with where it comes from."""
    given, named = prefilled(PROFILE, case.forms), sources(PROFILE, case.forms)
    read = answers(PROFILE, found.profile, locale())
    parts = schema(PROFILE)["x-ui"]["sections"]
    titles = {validation.label(PROFILE, [key], locale()): key for part in parts for key in part["fields"]}
    for section in read:
        for item in section["items"]:
            key = titles[item["title"]]
            value = found.profile.get(key)
            item["origin"] = _origin(value, given.get(key), key in named)
            source = validation.label(named[key], [], locale()) if key in named else ""
            if item["origin"] == "taken":
                item |= {"note": _("Diambil dari %(form)s.", form=source), "note_icon": "copy"}
            elif item["origin"] == "changed":
                text = _("Diubah setelah diambil dari %(form)s.", form=source)
                item |= {"note": text, "note_icon": "pencil"}
    return read


def _origin(value: object, given: object, named: bool) -> str:  # noqa: FBT001
    """empty, taken (as the earlier form has it), changed since, or own."""
    if value in (None, "", [], {}):
        return "empty"
    if not named:
        return "own"
    return "taken" if value == given else "changed"


def _words(found: Standing) -> list[tuple[str, int]]:
    """Words of the rancang bangun, part by part."""
    held = found.profile.get("design")
    design = held if isinstance(held, dict) else {}
    parts = schema(PROFILE)["properties"]["design"]["properties"]
    return [
        (validation.label(PROFILE, ["design", key], locale()), count_words(design.get(key))) for key in parts
    ]


def _differences(profile: Profile) -> dict[str, list[str]]:
    return {
        "not_asked": [validation.label(PROFILE, [key], locale()) for key in profile.not_asked],
        "also_asked": list(profile.also_asked),
        "joined": list(profile.joined),
    }
