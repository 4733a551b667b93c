"""The composition root of a web process: `gunicorn web.wsgi:app`. Here the bell meets the database."""

import os

from flask import Flask

from web import create_app
from workers.app import make_app
from workers.bell import Bell
from workflow.db import Database
from workflow.demo.clock import clock_for
from workflow.settings import Settings


def wsgi_app(settings: Settings) -> Flask:
    """The application of the distributed profile; workers run elsewhere."""
    database = Database(settings.database, Bell(make_app(settings)))
    return create_app(settings, database, clock_for(settings, database))


def __getattr__(name: str) -> Flask:
    if name != "app":
        raise AttributeError(name)
    app = wsgi_app(Settings.from_env(os.environ))
    globals()[name] = app
    return app
