"""Documents against their JSON Schema: one check for form, autosave and API, with words for people."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any, cast

from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from workflow.errors import Invalid, Problem
from workflow.phrases import phrase

MAX_DEPTH = 8
MAX_BODY = 1_000_000
FOLDERS = ("forms", "rubrics", "api", "imports", "")
STRUCTURAL = {"type", "additionalProperties", "maxLength", "maxItems", "maxProperties"}
WORD = re.compile(r"\w+(?:[-/'’]\w+)*")
EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")

formats = FormatChecker(formats=())


@formats.checks("email")
def _email(value: object) -> bool:
    return not isinstance(value, str) or EMAIL.fullmatch(value) is not None


@formats.checks("date", raises=ValueError)
def _date(value: object) -> bool:
    return not isinstance(value, str) or date.fromisoformat(value).isoformat() == value


@formats.checks("uri")
def _uri(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"https?://[^\s/$.?#][^\s]*", value) is not None


def count_words(value: object) -> int:
    """Words of a text, or of all texts within a document; a hyphenated word counts once."""
    if isinstance(value, str):
        return len(WORD.findall(value))
    if isinstance(value, dict):
        return sum(count_words(v) for v in value.values())
    if isinstance(value, list):
        return sum(count_words(v) for v in value)
    return 0


def _min_words(
    _validator: object, least: int, instance: object, _schema: object
) -> Iterator[ValidationError]:
    words = count_words(instance)
    if words < least:
        yield ValidationError(str(words))


Validator: Any = extend(Draft202012Validator, {"minWords": _min_words})  # type: ignore[no-untyped-call]


@cache
def names(folder: str) -> frozenset[str]:
    """The schemas of one folder (forms, rubrics, api), without their ending."""
    root = files("schemas") / folder
    return frozenset(e.name.removesuffix(".json") for e in root.iterdir() if e.name.endswith(".json"))


@cache
def schema(name: str) -> Mapping[str, Any]:
    """A schema by its name, as served, rendered and enforced. Raises KeyError for an unknown one."""
    for folder in FOLDERS:
        if name in names(folder):
            text = (files("schemas") / folder / f"{name}.json").read_text("utf-8")
            return cast("Mapping[str, Any]", json.loads(text))
    raise KeyError(name)


@cache
def _validator(name: str) -> Any:  # noqa: ANN401 - jsonschema's validator classes are untyped
    return Validator(schema(name), format_checker=formats, registry=Registry())


def problems(name: str, document: object, locale: str = "id") -> list[Problem]:
    """Every way in which a document breaks its schema, in the order of the schema; empty if none."""
    return _problems(name, document, locale, draft=False)


def draft_problems(name: str, document: object, locale: str = "id") -> list[Problem]:
    """What is malformed in an unfinished document: wrong types, unknown or oversized parts."""
    return _problems(name, document, locale, draft=True)


def require(name: str, document: object, locale: str = "id") -> None:
    """Raise Invalid with all problems unless the document holds."""
    found = problems(name, document, locale)
    if found:
        raise Invalid(found, cast("dict[str, object]", document) if isinstance(document, dict) else {})


def _problems(name: str, document: object, locale: str, *, draft: bool) -> list[Problem]:
    unclean = list(_unclean(document, "", locale))
    if any(p.message == phrase("depth", locale) for p in unclean):
        return unclean  # nobody descends into an abyss
    errors = _validator(name).iter_errors(document)
    found = [p for e in errors if not draft or e.validator in STRUCTURAL for p in _explain(name, e, locale)]
    return list(dict.fromkeys([*unclean, *(p for p in found if storable(p.pointer))]))


def _unclean(value: object, pointer: str, locale: str, depth: int = 0) -> Iterator[Problem]:
    """Text that no database should hold, and depth that no form has."""
    if depth > MAX_DEPTH:
        yield Problem(pointer, phrase("depth", locale))
    elif isinstance(value, str):
        if not storable(value):
            yield Problem(pointer, phrase("control", locale))
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from _unclean(key, f"{pointer}/{escape(key)[:80]!a}"[:300], locale, depth + 1)
            yield from _unclean(child, f"{pointer}/{escape(key)}", locale, depth + 1)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _unclean(child, f"{pointer}/{index}", locale, depth + 1)


def storable(text: str) -> bool:
    """Whether every database can hold it: no NUL, no lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def escape(key: str) -> str:
    """A property name as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _explain(name: str, error: ValidationError, locale: str) -> Iterator[Problem]:
    path = [str(step) for step in error.absolute_path]
    keyword = str(error.validator)
    limit: Any = error.validator_value
    value: Any = error.instance
    if keyword == "required":
        for missing in limit:
            if missing not in value:
                yield _problem(name, [*path, missing], "required", locale)
    elif keyword == "dependentRequired":
        for trigger, needed in limit.items():
            for missing in needed:
                if trigger in value and missing not in value:
                    yield _problem(name, [*path, missing], "required", locale)
    elif keyword == "additionalProperties":
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        for extra in sorted(set(value) - set(known)):
            yield Problem(_pointer([*path, extra]), phrase("unknown", locale))
    else:
        yield _problem(name, path, keyword, locale, limit=limit, value=value)


def _problem(
    name: str,
    path: list[str],
    keyword: str,
    locale: str,
    *,
    limit: object = None,
    value: object = None,
) -> Problem:
    title = label(name, path, locale)
    size = (
        count_words(value)
        if keyword == "minWords"
        else len(value)
        if isinstance(value, str | list)
        else value
    )
    return Problem(_pointer(path), phrase(keyword, locale, title=title, limit=limit, size=size))


def _pointer(path: list[str]) -> str:
    return "".join(f"/{escape(step)}" for step in path)


def label(name: str, path: list[str], locale: str) -> str:
    """The title of the property at a path, in the reader's language; the last step where it has none."""
    node: Mapping[str, Any] = schema(name)
    for step in path:
        node = node.get("items", {}) if step.isdigit() else node.get("properties", {}).get(step, {})
    english = node.get("x-en", {}).get("title")
    return str((english if locale == "en" else None) or node.get("title") or (path[-1] if path else ""))


def parse_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """JSON as the standard has it: no NaN, no duplicate keys, no abyss.

    Raises Invalid with one problem at the root.
    """
    try:
        return json.loads(body, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_number)
    except (ValueError, RecursionError) as fault:
        raise Invalid([Problem("", phrase("json", "id", title=str(fault)[:200]))]) from fault


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("kunci ganda")
    return result


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} bukan JSON")


def _number(text: str) -> int | float:
    """85.0 is the integer 85, to the schemas and so to us; 1e999 is nothing a float can hold."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} terlalu besar")
    return int(value) if value.is_integer() else value
