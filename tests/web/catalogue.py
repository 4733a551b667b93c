"""Every text that pages hand to gettext: what is written there, and the tables they look words up in."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

from web import errors
from web.case_view import FACT_TITLES
from web.pages.calendar import KINDS
from web.pages.delivery import ABOUT_ACCOUNT
from web.pages.entries import STATES
from workflow.commands.attendance import PRESENCE
from workflow.errors import DomainError, Forbidden, NotFound, Stale
from workflow.mail_groups import GROUPS, STOPPABLE
from workflow.mail_texts import PLACEHOLDERS
from workflow.phrases import AUDIENCE_NAMES, MAIL_NAMES, ROLE_NAMES, SIGN_IN_NAMES
from workflow.search import query
from workflow.topics import TOPICS

WEB = Path(errors.__file__).parent
ENGLISH = WEB / "translations" / "en.po"
SOURCES = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "gettext": None, "say": None, "ngettext": (1, 2)}


def asked() -> Catalog:
    """All of them, untranslated."""
    found = Catalog(fuzzy=False)
    for message in (*_written(), *_looked_up()):
        found.add(message)
    return found


def _written() -> Iterator[str | tuple[str, ...]]:
    for _, _, message, _, _ in extract_from_dir(WEB, SOURCES, keywords=KEYWORDS):
        yield message


def _looked_up() -> Iterable[str]:
    errors_told = (DomainError.message, NotFound.message, Stale.message, Forbidden().message)
    tables = (
        ROLE_NAMES,
        AUDIENCE_NAMES,
        MAIL_NAMES,
        PLACEHOLDERS,
        SIGN_IN_NAMES,
        FACT_TITLES,
        ABOUT_ACCOUNT,
        errors.TITLES,
        errors.HINTS,
        TOPICS,
        PRESENCE,
    )
    yield from (text for table in tables for text in table.values())
    yield from (text for text, _ in STATES.values())
    yield from KINDS.values()
    yield from (
        text for group in (*GROUPS.values(), *STOPPABLE.values()) for text in (group.title, group.about)
    )
    yield from (key.help for key in (*query.KEYS, *query.FLAGS))
    yield from (flag.title for flag in query.FLAGS)
    yield from (*errors_told, errors.EXPIRED)
