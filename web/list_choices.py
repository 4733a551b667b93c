"""What a list can be narrowed by, and what it is; for every page that shows cases by the same address."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from web.context import now
from web.language import locale
from web.list_state import ListState
from workflow import case_lists, policy, queries
from workflow.definition import process, version_for
from workflow.phrases import ROLE_NAMES
from workflow.search import query


def choices(session: Session, filters: case_lists.Filters, counts: case_lists.Counts) -> list[dict[str, Any]]:
    """What can be chosen, with how many cases of this list each would leave."""
    flow = process(version_for(now().year))
    names = case_lists.names_of_groups(session)
    owners = [(r, _(ROLE_NAMES[r])) for r in policy.CASE_ROLES if queries.states_owned_by(r)]
    states = counts.get("state", {})
    turns = {role: sum(states.get(s, 0) for s in queries.states_owned_by(role)) for role, _name in owners}
    stages = [(s.name, s.title(locale())) for s in flow.pipeline("innovation")]
    kinds = [("digital", _("Digital")), ("non_digital", _("Non digital"))]
    affairs = [(name, name) for name in sorted({*counts.get("affair", {}), filters.affair} - {""})]
    return [
        _choice("stage", _("Tahap"), stages, filters.stage, counts.get("stage", {})),
        _choice("category", _("Jenis"), kinds, filters.category, counts.get("category", {})),
        _choice("owner", _("Giliran"), owners, filters.owner, turns),
        _choice("affair", _("Urusan"), affairs, filters.affair, counts.get("affair", {})),
        _choice("cohort", _("Angkatan"), names["cohort"], filters.cohort, counts.get("cohort", {})),
        _choice("agency", _("Instansi"), names["agency"], filters.agency, counts.get("agency", {})),
        _choice("late", _("Waktu"), [("1", _("Terlambat"))], "1" if filters.late else "", None),
    ]


def _choice(
    name: str,
    title: str,
    pairs: list[tuple[str, str]],
    chosen: str,
    counts: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Where something is chosen, the others have no count: they would not narrow but replace it."""
    known = counts is not None
    return {
        "name": name,
        "title": title,
        "options": [
            {
                "value": value,
                "label": label,
                "selected": value == chosen,
                "count": counts.get(value, 0) if known and (not chosen or value == chosen) else None,
            }
            for value, label in pairs
            if not known or chosen or counts.get(value) or len(pairs) <= 8  # noqa: PLR2004
        ],
    }


def active(state: ListState, offered: list[dict[str, Any]], path: str) -> list[dict[str, str]]:
    """What is narrowed by, each with the address on this path that takes it off."""
    found = []
    said = set()
    for choice in offered:
        for option in choice["options"]:
            if option["selected"]:
                said.add(choice["name"])
                label = f"{choice['title']}: {option['label']}"
                found.append({"label": label, "remove_href": state.without(choice["name"]).href(path)})
    for key in query.KEYS:
        value = getattr(state.filters, key.field)
        if value and key.field not in said:
            found.append({"label": f"{key.name}:{value}", "remove_href": state.without(key.field).href(path)})
    found += [
        {"label": _(flag.title), "remove_href": state.without(flag.field).href(path)}
        for flag in query.FLAGS
        if getattr(state.filters, flag.field) and flag.field not in said
    ]
    if state.filters.q:
        found.append({"label": f"“{state.filters.q}”", "remove_href": state.without("q").href(path)})
    return found
