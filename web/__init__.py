"""HTTP in, commands out. Knows neither Celery nor Redis; `web.wsgi` and `web.cli` wire it to the workers."""

from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from web import accounts, api, context, errors, meters, pages, security, sharing
from web.language import init_language
from workflow.clock import Clock
from workflow.db import Database
from workflow.held import WriteMails, no_mails
from workflow.mail_texts import NO_WORDING, Wording
from workflow.secret import secret_of
from workflow.settings import Settings

MAX_REQUEST = 2_000_000
MAX_FIELDS = 2_000

csrf = CSRFProtect()


def create_app(
    settings: Settings,
    database: Database,
    clock: Clock,
    depths: context.Depths = context.no_depths,
    write_mails: WriteMails = no_mails,
    wording: Wording = NO_WORDING,
) -> Flask:
    """The web application over an open database; importing or creating it opens nothing else.

    `write_mails` shows the mails of a decision before it is released, `wording` checks and shows the words of
    mails; the workers' side knows how.
    """
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.config.update(
        SECRET_KEY=secret_of(settings),
        MAX_CONTENT_LENGTH=MAX_REQUEST,
        MAX_FORM_PARTS=MAX_FIELDS,
        MAX_FORM_MEMORY_SIZE=MAX_REQUEST,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.address.startswith("https"),
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=30),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        BABEL_DEFAULT_LOCALE="id",
        BABEL_DEFAULT_TIMEZONE="Asia/Jakarta",
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies
        )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["loncatan"] = context.Desk(settings, database, clock, depths, write_mails, wording)
    meters.init_app(app, aloud=not settings.embedded)
    csrf.init_app(app)
    init_language(app)
    accounts.init_app(app, database, clock)
    security.init_app(app, settings, csrf)
    sharing.init_app(app)
    errors.init_app(app)
    pages.init_app(app)
    api.init_app(app)
    return app


def assets_built() -> bool:
    """Whether the front end has been built; without it pages have no look."""
    return (Path(__file__).parent / "static" / "dist" / "app.css").exists()
