"""The composition root of a web process: `gunicorn web.wsgi:app`. Here the bell meets the database."""

import os

from flask import Flask

from web import create_app
from workers.app import make_app
from workers.bell import Bell
from workers.probe import Depths
from workers.samples import mail_desks
from workflow.db import Database
from workflow.demo.clock import clock_for
from workflow.logs import configure_logging
from workflow.settings import Settings


def wsgi_app(settings: Settings) -> Flask:
    """The application of the distributed profile; workers run elsewhere."""
    celery = make_app(settings)
    database = Database(settings.database, Bell(celery))
    clock = clock_for(settings, database)
    return create_app(settings, database, clock, Depths(celery), *mail_desks(settings, database, clock))


def __getattr__(name: str) -> Flask:
    if name != "app":
        raise AttributeError(name)
    settings = Settings.from_env(os.environ)
    configure_logging(settings.log_level)
    app = wsgi_app(settings)
    globals()[name] = app
    return app
