"""A JSON Schema as a web form, a posted form as a document.

HTML names are JSON pointers, so a problem's pointer is the name of its field.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from workflow.errors import Problem
from workflow.readable import Node, Option, applies, options, widget_of, wording
from workflow.validation import count_words, schema

MOST_ROWS = 60
BLANK_ROWS = 1


@dataclass(frozen=True)
class Field:
    """One field as the `field` macro draws it."""

    name: str
    id: str
    title: str
    help: str
    widget: str
    value: Any
    required: bool
    problems: list[str]
    options: list[Option] = field(default_factory=list)
    rows: int | None = None
    placeholder: str | None = None
    suffix: str | None = None
    min: Any = None
    max: Any = None
    maxlength: int | None = None
    min_words: int | None = None
    words: int | None = None
    source: str | None = None
    asked: tuple[str, ...] = ()
    when: dict[str, Any] | None = None
    width: str | None = None
    children: list["Field"] = field(default_factory=list)
    items: list[list["Field"]] = field(default_factory=list)
    item_template: list["Field"] = field(default_factory=list)
    row_word: str = ""
    legends: list[str] = field(default_factory=list)
    add_name: str | None = None
    remove_name: str | None = None


@dataclass(frozen=True)
class Section:
    """One step of a form: some of the schema's top-level properties."""

    id: str
    title: str
    help: str
    fields: list[Field]
    names: list[str]


def sections(
    name: str,
    document: Mapping[str, Any],
    locale: str = "id",
    problems: Iterable[Problem] = (),
    choices: Mapping[str, list[tuple[str, str]]] | None = None,
    sources: Mapping[str, str] | None = None,
    asked: Mapping[str, tuple[str, ...]] | None = None,
) -> list[Section]:
    """The whole form, filled with a document and its problems, in the schema's own order.

    `choices` turns top-level text fields into selects whose options only the database knows; `sources`
    names the earlier form that a value was taken from; `asked` holds what is to be revised at a field.
    """
    node = schema(name)
    trouble: dict[str, list[str]] = {}
    for problem in problems:
        trouble.setdefault(problem.pointer, []).append(problem.message)
    maker = _Maker(locale, trouble, choices or {})
    return [
        Section(
            id=part["id"],
            title=wording(part, "title", locale),
            help=wording(part, "help", locale),
            fields=[
                replace(
                    maker.field(
                        f"/{key}", node["properties"][key], document.get(key), key in _required(node)
                    ),
                    source=(sources or {}).get(key),
                    asked=(asked or {}).get(key, ()),
                )
                for key in part["fields"]
            ],
            names=list(part["fields"]),
        )
        for part in node["x-ui"]["sections"]
    ]


def is_wizard(name: str) -> bool:
    """Whether the form has several sections, filled in one page at a time and submitted as a draft."""
    return len(schema(name)["x-ui"]["sections"]) > 1


def _required(node: Node) -> set[str]:
    """Always required, or required under a condition that its `when` also states."""
    found = set(node.get("required", ()))
    for rule in node.get("allOf", ()):
        found |= set(rule.get("then", {}).get("required", ())) | set(rule.get("else", {}).get("required", ()))
    return found


class _Maker:
    """Makes fields of one form in one language."""

    def __init__(
        self,
        locale: str,
        trouble: Mapping[str, list[str]],
        choices: Mapping[str, list[tuple[str, str]]],
    ) -> None:
        self.locale, self.trouble, self.choices = locale, trouble, choices

    def field(self, pointer: str, node: Node, value: Any, required: bool) -> Field:  # noqa: ANN401, FBT001
        ui = node.get("x-ui", {})
        widget = widget_of(node)
        made = Field(
            name=pointer,
            id=field_id(pointer),
            title=wording(node, "title", self.locale),
            help=wording(node, "description", self.locale),
            widget=widget,
            value="" if value is None else value,
            required=required,
            problems=self.trouble.get(pointer, []),
            options=options(node, value, self.locale),
            rows=ui.get("rows"),
            placeholder=ui.get("placeholder"),
            suffix=ui.get("suffix"),
            min=node.get("minimum"),
            max=node.get("maximum"),
            maxlength=node.get("maxLength"),
            min_words=node.get("minWords"),
            words=count_words(value) if "minWords" in node else None,
            when=_when(ui, pointer),
            width=ui.get("width"),
        )
        known = self.choices.get(pointer.removeprefix("/"))
        if known is not None:
            offered = [Option(code, label, "", code == value) for code, label in known]
            return replace(made, widget="select", options=offered)
        if widget == "group":
            return replace(made, children=self._children(pointer, node, value))
        if widget == "table":
            return self._table(made, node, value)
        return made

    def _children(self, pointer: str, node: Node, value: Any) -> list[Field]:  # noqa: ANN401
        held = value if isinstance(value, dict) else {}
        made = [
            self.field(f"{pointer}/{key}", child, held.get(key), key in _required(node))
            for key, child in node["properties"].items()
        ]
        if "minWords" not in node:
            return made
        return [  # the parts of a text that is counted as a whole
            replace(f, min_words=0, words=count_words(f.value)) if f.widget == "textarea" else f for f in made
        ]

    def _table(self, made: Field, node: Node, value: Any) -> Field:  # noqa: ANN401
        held = value if isinstance(value, list) else []
        rows = held or [{}] * max(BLANK_ROWS, min(node.get("minItems", 0), 3))
        return replace(
            made,
            items=[self._children(f"{made.name}/{i}", node["items"], row) for i, row in enumerate(rows)],
            item_template=self._children(f"{made.name}/__i__", node["items"], {}),
            add_name=f"add:{made.name}",
            remove_name=f"remove:{made.name}/__i__",
            row_word=wording(node["items"], "title", self.locale),
        )


def field_id(pointer: str) -> str:
    """The HTML id of the field at a pointer."""
    return f"f{pointer.replace('/', '-')}"


def _when(ui: Node, pointer: str) -> dict[str, Any] | None:
    if "when" not in ui:
        return None
    equals = ui["when"]["equals"]
    wanted = equals if isinstance(equals, list) else [equals]
    parent = pointer.rpartition("/")[0]
    return {
        "field": f"{parent}/{ui['when']['field']}",
        "equals": [str(v).lower() if isinstance(v, bool) else v for v in wanted],
    }


# --- posted form → document ----------------------------------------------------------------------


def parse(name: str, posted: Mapping[str, list[str]], only: Iterable[str] | None = None) -> dict[str, Any]:
    """The typed document of a posted form; empty fields are left out, hidden conditional ones dropped.

    `only` limits it to some top-level properties (one section of a wizard). What cannot be converted
    stays text, so that the schema can say what is wrong with it.
    """
    node = schema(name)
    wanted = list(only) if only is not None else list(node["properties"])
    document = {}
    for key in wanted:
        value = _read(f"/{key}", node["properties"][key], posted)
        if value is not None:
            document[key] = value
    return document


def drop_hidden(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """Without the answers to questions that no longer apply."""
    properties = schema(name)["properties"]
    return {k: v for k, v in document.items() if applies(properties.get(k, {}), document)}


def _read(pointer: str, node: Node, posted: Mapping[str, list[str]]) -> Any:  # noqa: ANN401
    widget = widget_of(node)
    if widget == "group":
        return _read_group(pointer, node, posted) or None
    if widget == "table":
        return _read_table(pointer, node, posted) or None
    if widget == "checkboxes":
        return [v for v in posted.get(pointer, []) if v] or None
    if widget == "toggle":
        return posted.get(pointer, ["false"])[-1] == "true"
    text = posted.get(pointer, [""])[-1].replace("\r\n", "\n").strip()
    return _typed(node, text) if text else None


def _read_group(pointer: str, node: Node, posted: Mapping[str, list[str]]) -> dict[str, Any]:
    read = {key: _read(f"{pointer}/{key}", child, posted) for key, child in node["properties"].items()}
    return {key: value for key, value in read.items() if value is not None}


def _read_table(pointer: str, node: Node, posted: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    indices = sorted(set(_indices(pointer, posted)))[:MOST_ROWS]
    rows = [_read_group(f"{pointer}/{i}", node["items"], posted) for i in indices]
    return [row for row in rows if any(v not in (None, "", False) for v in row.values())]


def _indices(pointer: str, posted: Mapping[str, list[str]]) -> Iterator[int]:
    for name in posted:
        if name.startswith(f"{pointer}/"):
            step = name[len(pointer) + 1 :].partition("/")[0]
            if step.isdecimal() and len(step) < 5:  # noqa: PLR2004
                yield int(step)


def _typed(node: Node, text: str) -> Any:  # noqa: ANN401
    kind = node.get("type")
    try:
        if kind == "integer":
            return int(text.replace(".", "")) if widget_of(node) == "money" else int(text)
        if kind == "number":
            return float(text.replace(",", "."))
    except ValueError:
        return text
    return text


def change_rows(name: str, document: dict[str, Any], action: str) -> dict[str, Any]:
    """The document after a press on "add row" or "remove row" of a page without script."""
    verb, _, pointer = action.partition(":")
    steps = [s for s in pointer.split("/") if s]
    if not steps or steps[0] not in schema(name)["properties"]:
        return document
    rows = list(document.get(steps[0], []))
    if verb == "add":
        rows = [*rows, {}]
    elif verb == "remove" and len(steps) > 1 and steps[1].isdecimal() and int(steps[1]) < len(rows):
        del rows[int(steps[1])]
    return {**document, steps[0]: rows}


def problem_links(name: str, problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Problems as the error summary lists them, each with the id of its field."""
    found = []
    for problem in problems:
        steps = [s for s in problem.pointer.split("/") if s]
        known = bool(steps) and steps[0] in schema(name)["properties"]
        found.append({"message": problem.message, "id": field_id(problem.pointer) if known else ""})
    return found
