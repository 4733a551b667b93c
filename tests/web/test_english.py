"""English is whole: every text of the pages has a translation that names the same values."""

import re
from collections.abc import Iterable

from babel.messages.pofile import read_po
from flask import Flask

from tests.web.catalogue import ENGLISH, asked

VALUE = re.compile(r"%\(\w+\)s|\{\w+\}")


def test_every_text_is_translated_and_no_translation_is_left_over() -> None:
    with ENGLISH.open("rb") as source:
        told = {message.id: message.string for message in read_po(source) if message.id}
    ids = {message.id for message in asked() if message.id}

    assert {key for key in ids if not told.get(key)} == set()
    assert set(told) - ids == set()


def test_a_translation_names_the_values_of_its_text() -> None:
    with ENGLISH.open("rb") as source:
        wrong = [
            message.id
            for message in read_po(source)
            for original, words in zip(_all(message.id), _all(message.string), strict=True)
            if set(VALUE.findall(original)) != set(VALUE.findall(words))
        ]

    assert wrong == []


def test_pages_speak_english_to_whoever_chose_it(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("lang", "en")
    page = client.get("/").text

    assert 'lang="en"' in page
    assert "Innovation registry" in page
    assert "Registri inovasi" not in page


def _all(texts: str | Iterable[str] | None) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts or ())
