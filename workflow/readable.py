"""A filled form for reading: titles and labels from its schema, dates and amounts as people write them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from workflow import dates
from workflow.validation import schema

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Option:
    """A choice offered by a select, radio or list of check boxes."""

    value: str
    label: str
    group: str
    checked: bool


def answers(name: str, document: Mapping[str, Any], locale: str = "id") -> list[dict[str, Any]]:
    """A filled form for reading: sections of titled items, as the `answers` macro draws them."""
    node = schema(name)
    return [
        {
            "title": wording(part, "title", locale),
            "items": [
                answer(node["properties"][key], document.get(key), locale)
                for key in part["fields"]
                if applies(node["properties"][key], document)
            ],
        }
        for part in node["x-ui"]["sections"]
    ]


def answer(node: Node, value: Any, locale: str) -> dict[str, Any]:  # noqa: ANN401
    """One field for reading: its title and the value in words; rows where it is a group or a table."""
    widget, title = widget_of(node), wording(node, "title", locale)
    if widget == "group":
        held = value if isinstance(value, dict) else {}
        rows = [answer(child, held.get(key), locale) for key, child in node["properties"].items()]
        return {"title": title, "widget": "group", "value": None, "rows": rows if held else []}
    if widget == "table":
        properties = node["items"]["properties"]
        return {
            "title": title,
            "widget": "table",
            "value": None,
            "columns": [wording(child, "title", locale) for child in properties.values()],
            "rows": [[shown(c, row.get(k), locale) for k, c in properties.items()] for row in value or []],
        }
    return {"title": title, "widget": widget, "value": shown(node, value, locale)}


def shown(node: Node, value: Any, locale: str) -> Any:  # noqa: ANN401
    """A value as a reader expects it: labels for codes, long dates, dots in amounts."""
    if value is None or value == "":
        return None
    widget = widget_of(node)
    if widget in {"select", "radio", "checkboxes"}:
        labels = {o.value: o.label for o in options(node, None, locale)}
        return [labels.get(v, v) for v in value] if isinstance(value, list) else labels.get(value, value)
    if widget == "date" and isinstance(value, str) and _is_date(value):
        return dates.long_date(date.fromisoformat(value), locale)
    if widget == "money" and isinstance(value, int):
        return f"Rp{dates.thousands(value, locale)}"
    return _plain(value, locale)


def _plain(value: Any, locale: str) -> Any:  # noqa: ANN401
    if isinstance(value, bool):
        return ("Yes" if value else "No") if locale == "en" else ("Ya" if value else "Tidak")
    if isinstance(value, int):
        return dates.thousands(value, locale)
    return dates.decimal(str(value), locale) if isinstance(value, float) else value


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def widget_of(node: Node) -> str:
    """What the schema asks for, else what its type suggests."""
    chosen = node.get("x-ui", {}).get("widget")
    if chosen:
        return str(chosen)
    kind = node.get("type")
    if kind == "object":
        return "group"
    if kind == "array":
        return "checkboxes" if "enum" in node.get("items", {}) else "table"
    if "enum" in node:
        return "select"
    by_format = {"date": "date", "uri": "url"}.get(node.get("format", ""), "text")
    return {"boolean": "toggle", "integer": "number", "number": "number"}.get(str(kind), by_format)


def options(node: Node, value: Any, locale: str) -> list[Option]:  # noqa: ANN401
    """The choices of an enum, with their labels and groups."""
    source = node.get("items", {}) if node.get("type") == "array" else node
    ui = {**source.get("x-ui", {}), **node.get("x-ui", {})}
    labels = (ui.get("labels_en") if locale == "en" else None) or ui.get("labels", {})
    groups = {v: wording(g, "title", locale) for g in ui.get("groups", ()) for v in g["values"]}
    chosen = value if isinstance(value, list) else [value]
    return [Option(v, labels.get(v, v), groups.get(v, ""), v in chosen) for v in source.get("enum", ())]


def wording(node: Node, key: str, locale: str) -> str:
    english = node.get("x-en", {}).get(key) or node.get(f"{key}_en")
    return str((english if locale == "en" else None) or node.get(key, ""))


def applies(node: Node, document: Mapping[str, Any]) -> bool:
    when = node.get("x-ui", {}).get("when")
    if not when:
        return True
    equals = when["equals"] if isinstance(when["equals"], list) else [when["equals"]]
    return document.get(when["field"]) in equals
