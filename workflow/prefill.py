"""A first draft of a form from what earlier forms hold (`x-from`): nothing is typed twice."""

from collections.abc import Iterator, Mapping
from typing import Any

from workflow.models import Case
from workflow.validation import schema


def answers(case: Case) -> dict[str, Any]:
    """The forms of a case; an adoption goes on from those of the case it was taken from."""
    origin = case.parent if case.parent_id is not None else None
    return {**(origin.forms if origin else {}), **case.forms}


def prefilled(name: str, forms: Mapping[str, Any]) -> dict[str, Any]:
    """The values that earlier forms can give."""
    return {key: value for key, _form, value in _found(name, forms)}


def sources(name: str, forms: Mapping[str, Any]) -> dict[str, str]:
    """Which earlier form each of those values comes from, by field."""
    return {key: form for key, form, _value in _found(name, forms)}


def _found(name: str, forms: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key, node in schema(name)["properties"].items():
        named = node.get("x-from", [])
        for source in [named] if isinstance(named, str) else named:
            form, _, path = source.partition(".")
            value = _dig(forms.get(form), path)
            if value not in (None, "", [], {}):
                yield key, form, value
                break


def _dig(value: Any, path: str) -> Any:  # noqa: ANN401
    for step in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value
