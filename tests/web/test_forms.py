"""Forms there and back: what a page shows of a document is, posted again, the same document."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from web import forms
from web.forms import Field
from workflow import validation
from workflow.samples import sample

NAMES = sorted(validation.names("forms"))
FEW = budget(max_examples=budget().max_examples // 4)

lines = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)
texts = st.lists(lines, min_size=1, max_size=4).map("\n".join)


def posted(name: str, document: dict[str, Any]) -> dict[str, list[str]]:
    """What a browser sends of a form that shows this document."""
    sent: MultiDict[str, str] = MultiDict()
    for section in forms.sections(name, document):
        for field in section.fields:
            for key, value in inputs(field):
                sent.add(key, value)
    return {key: sent.getlist(key) for key in sent}


def inputs(field: Field) -> Iterator[tuple[str, str]]:
    if field.widget == "group":
        for child in field.children:
            yield from inputs(child)
    elif field.widget == "table":
        for row in field.items:
            for cell in row:
                yield from inputs(cell)
    elif field.options:
        yield from ((field.name, option.value) for option in field.options if option.checked)
    elif field.widget == "toggle":
        yield field.name, "false"
        if field.value:
            yield field.name, "true"
    else:
        yield field.name, str(field.value).replace("\n", "\r\n")


def strategy(node: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a part of a schema
    """Values of the type that a part of a form asks for, be they acceptable or not."""
    kind = node.get("type")
    if "enum" in node:
        return st.sampled_from(node["enum"])
    if kind == "object":
        return st.fixed_dictionaries(
            {}, optional={key: strategy(child) for key, child in node["properties"].items()}
        ).filter(bool)
    if kind == "array":
        return st.lists(strategy(node["items"]), min_size=1, max_size=4, unique_by=str)
    return {
        "boolean": st.booleans(),
        "integer": st.integers(0, 10**12),
        "number": st.integers(0, 10**6).map(lambda hundredths: hundredths / 100),
    }.get(str(kind), texts)


def settled(node: Any, value: Any) -> Any:  # noqa: ANN401 - any part of a document
    """A document as a form holds it: a switch is on or off, what has nothing in it is not there."""
    if node.get("type") == "object":
        held = {key: settled(child, value.get(key)) for key, child in node["properties"].items() if value}
        return {key: part for key, part in held.items() if part is not None} or None
    if node.get("type") == "boolean":
        return bool(value)
    if node.get("type") == "array" and value and "properties" in node["items"]:
        rows = [settled(node["items"], row) for row in value]
        return [row for row in rows if row and any(cell is not False for cell in row.values())] or None
    if node.get("type") == "array" and value:
        return [choice for choice in node["items"]["enum"] if choice in value]
    return value


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("turn", [0, 7])
def test_a_good_document_comes_back_from_its_page_unchanged(name: str, turn: int) -> None:
    document = sample(name, turn)

    back = forms.parse(name, posted(name, document))

    assert forms.drop_hidden(name, {k: v for k, v in back.items() if v or k in document}) == document
    assert validation.problems(name, forms.drop_hidden(name, back)) == []


@pytest.mark.parametrize("name", NAMES)
def test_whatever_is_typed_comes_back_unchanged(name: str) -> None:
    node = validation.schema(name)

    @given(strategy({"type": "object", "properties": node["properties"]}))
    @budget(FEW)
    def fill_in(document: dict[str, Any]) -> None:
        back = forms.parse(name, posted(name, document))

        assert back == (settled(node, document) or {})
        assert forms.parse(name, posted(name, back)) == back

    fill_in()


@pytest.mark.parametrize("name", NAMES)
def test_anything_may_be_posted(name: str) -> None:
    pointers = [field.name for section in forms.sections(name, {}) for field in section.fields]
    keys = (
        st.sampled_from(pointers) | st.text(max_size=12) | st.sampled_from(pointers).map(lambda p: f"{p}/0/x")
    )

    @given(st.dictionaries(keys, st.lists(st.text(max_size=12), min_size=1, max_size=2), max_size=6))
    @budget(FEW)
    def post(sent: dict[str, list[str]]) -> None:
        document = forms.parse(name, sent)

        problems = validation.problems(name, document)
        forms.sections(name, document, problems=problems)
        assert set(document) <= set(validation.schema(name)["properties"])

    post()
