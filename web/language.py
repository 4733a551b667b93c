"""Bahasa Indonesia first, English by choice. Indonesian is the language of the source texts."""

from flask import Flask, has_request_context, request
from flask_babel import Babel, gettext
from flask_security import current_user

LANGUAGES = ("id", "en")
COOKIE = "lang"


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
    Babel(app, locale_selector=locale)


def say(text: str, **values: object) -> str:
    """The text in the reader's language; %(name)s stands for a value."""
    return str(gettext(text, **values))
