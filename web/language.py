"""Bahasa Indonesia first, English by choice. Indonesian is the language of the source texts."""

from flask import has_request_context, request
from flask_babel import Babel, force_locale
from flask_security import current_user

LANGUAGES = ("id", "en")
COOKIE = "lang"

__all__ = ["COOKIE", "LANGUAGES", "babel", "force_locale", "locale"]


def locale() -> str:
    """The reader's choice by cookie, else that of the account, else Indonesian."""
    if not has_request_context():
        return "id"
    chosen = request.cookies.get(COOKIE)
    if chosen in LANGUAGES:
        return chosen
    user = current_user
    return user.locale if user and user.is_authenticated and user.locale in LANGUAGES else "id"


class _Babel(Babel):  # type: ignore[misc]
    """Flask-Babel with our choice of locale built in."""

    def init_app(self, app, **options):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003
        super().init_app(app, locale_selector=locale, **options)


babel = _Babel()
