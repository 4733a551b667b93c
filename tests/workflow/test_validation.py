"""Documents of any shape against every schema: all that is wrong at once, at its place, in words."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from workflow import validation
from workflow.errors import Invalid, Problem
from workflow.phrases import PHRASES
from workflow.samples import sample
from workflow.validation import draft_problems, parse_json, problems

NAMES = sorted(
    validation.names("forms") | validation.names("rubrics") | validation.names("api") | {"process"}
)
FORMS = sorted(validation.names("forms") | validation.names("rubrics"))

FEW = budget(max_examples=budget().max_examples // 6)  # there are many schemas

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(
        [10**400, -(10**400), 1e308, -0.0, "\x00", "\ud800", "😀" * 300, "2022-02-30", "\u202e"]
    )
    | st.text(max_size=20)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def spoiled(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A good document of a form in which some parts have been taken out, replaced or added."""
    document: dict[str, Any] = json.loads(json.dumps(sample(name, draw(st.integers(0, 5)))))
    properties = sorted(validation.schema(name)["properties"])
    for key in draw(st.lists(st.sampled_from(properties), max_size=3, unique=True)):
        document.pop(key, None)
    for key in draw(st.lists(st.sampled_from([*properties, "asing", "a/b~c", ""]), max_size=3, unique=True)):
        document[key] = draw(anything)
    return document


def steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def leads_somewhere(document: Any, pointer: str) -> bool:  # noqa: ANN401 - any JSON
    """Whether a pointer names a value, or a property that an object lacks."""
    for position, step in enumerate(steps(pointer)):
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return isinstance(document, dict) and position == len(steps(pointer)) - 1
    return True


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("locale", ["id", "en"])
def test_any_value_is_judged_and_never_tripped_over(name: str, locale: str) -> None:
    @given(anything)
    @budget(FEW)
    def judge(value: object) -> None:
        found = problems(name, value, locale)

        assert set(draft_problems(name, value, locale)) <= set(found) or not isinstance(value, dict)
        assert all(leads_somewhere(value, problem.pointer) for problem in found if _told(problem))
        assert all(problem.message.strip() for problem in found)

    judge()


@pytest.mark.parametrize("name", FORMS)
def test_every_pointer_leads_to_a_field_and_each_part_alone_is_judged_the_same(name: str) -> None:
    @given(spoiled(name))
    @budget(FEW)
    def judge(document: dict[str, Any]) -> None:
        found = problems(name, document)

        assert all(leads_somewhere(document, problem.pointer) for problem in found if _told(problem))
        assert len(found) == len(set(found))
        assert found == problems(name, json.loads(json.dumps(document)))

    judge()


def _told(problem: Problem) -> bool:
    """A name that no database could hold is shown in ASCII, so its pointer leads nowhere."""
    return problem.message not in PHRASES["control"]


@pytest.mark.parametrize("name", FORMS)
def test_all_that_is_missing_is_told_at_once(name: str) -> None:
    required = validation.schema(name).get("required", [])

    pointers = {problem.pointer for problem in problems(name, {})}

    assert {f"/{key}" for key in required} <= pointers
    assert draft_problems(name, {}) == []


@pytest.mark.parametrize("name", FORMS)
def test_a_bad_character_hides_no_other_problem(name: str) -> None:
    required = validation.schema(name)["required"]

    pointers = {problem.pointer for problem in problems(name, {"asing": "\x00"})}

    assert pointers >= {"/asing", *(f"/{key}" for key in required)}


@pytest.mark.parametrize("depth", [9, 400])
def test_an_abyss_is_named_once_and_not_descended(depth: int) -> None:
    value: object = "x"
    for _ in range(depth):
        value = [value]

    assert [p.message for p in problems("change_plan", {"summary": value})] == [PHRASES["depth"][0]]


@given(st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_json_or_refused_with_a_reason(body: bytes) -> None:
    with suppress(Invalid):
        value = parse_json(body)

        assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b"NaN",
        b"[Infinity]",
        b"1e999",
        b"9" * 5000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xff",
        b"",
        b"1 2",
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_json(body)

    assert refusal.value.problems[0].pointer == ""
    assert refusal.value.problems[0].message.startswith("Isi permintaan bukan JSON yang sah: ")


@pytest.mark.parametrize(("body", "value"), [(b"85.0", 85), (b"-0.5", -0.5), (b'"\\u0000"', "\x00")])
def test_numbers_and_texts_come_through(body: bytes, value: object) -> None:
    assert parse_json(body) == value
    assert type(parse_json(body)) is type(value)


@pytest.mark.parametrize(
    ("text", "words"),
    [("", 0), ("satu dua", 2), ("hari-hari warga's dan/atau", 3), (" – — ! ", 0), ("a\nb", 2)],
)
def test_words_are_counted_as_people_do(text: str, words: int) -> None:
    assert validation.count_words(text) == words
    assert validation.count_words({"a": [text, {"b": text}], "c": 7}) == 2 * words
