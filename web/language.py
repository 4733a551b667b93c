"""Bahasa Indonesia first, English by choice. Indonesian is the language of the source texts."""

from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, has_request_context, request
from flask_babel import Babel, gettext
from flask_security import current_user

LANGUAGES = ("id", "en")
COOKIE = "lang"
CATALOGUES = Path(__file__).parent / "translations"


def locale() -> str:
    """The reader's choice by cookie, else that of the account, else Indonesian."""
    if not has_request_context():
        return "id"
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    user = current_user
    return user.locale if user and user.is_authenticated and user.locale in LANGUAGES else "id"


def init_language(app: Flask) -> None:
    babel = Babel(app, locale_selector=locale)
    with app.app_context():
        babel.domain_instance.cache = _Catalogues()


class _Catalogues(dict[tuple[str, str], NullTranslations]):
    """What Flask-Babel looks up by (language, domain): read from the .po file when first asked for."""

    def __missing__(self, key: tuple[str, str]) -> NullTranslations:
        self[key] = found = _read(CATALOGUES / f"{key[0]}.po")
        return found


def _read(path: Path) -> NullTranslations:
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as source:
        compiled = BytesIO()
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return Translations(compiled)


def say(text: str, **values: object) -> str:
    """The text in the reader's language; %(name)s stands for a value."""
    return str(gettext(text, **values))
