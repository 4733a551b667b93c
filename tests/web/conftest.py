"""The application over the test's database, and callers with a token each."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import MovableClock
from web import create_app
from workflow.db import Database
from workflow.people import create_token, find_user
from workflow.settings import Settings

Call = Callable[..., TestResponse]
SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def app(settings: Settings, database: Database, clock: MovableClock) -> Flask:
    return create_app(settings, database, clock)


@pytest.fixture
def sign_in(settings: Settings, database: Database, clock: MovableClock) -> SignIn:
    """A browser in which somebody of the cast, by name, has signed in."""
    app = create_app(replace(settings, demo=True), database, clock)

    def browser(who: str) -> FlaskClient:
        client = app.test_client()
        client.post("/demo/masuk", data={"email": f"{who}@contoh.invalid", **csrf(client)})
        return client

    return browser


def csrf(client: FlaskClient) -> dict[str, str]:
    """The hidden field of a form, for whoever holds this browser."""
    return {"csrf_token": re.findall(r'name="csrf_token" value="([^"]*)"', client.get("/proses").text)[0]}


@pytest.fixture
def token(database: Database, clock: MovableClock) -> Callable[..., str]:
    """Makes a fresh token for a name and perhaps scopes."""

    def make(who: str, *scopes: str) -> str:
        with database.write() as session:
            user = find_user(session, f"{who}@contoh.invalid")
            assert user is not None
            return create_token(session, clock(), user, scopes or ("read", "write"))

    return make


@pytest.fixture
def call(app: Flask, token: Callable[..., str]) -> Call:
    """Sends requests with somebody's token: who, method, path, headers, what the test client takes."""
    tokens: dict[str, str] = {}

    def request(
        who: str,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        **more: Any,  # noqa: ANN401
    ) -> TestResponse:
        if who not in tokens:
            tokens[who] = token(who)
        sent = {"Authorization": f"Bearer {tokens[who]}", **(headers or {})}
        return app.test_client().open(f"/api/v1{path}", method=method.upper(), headers=sent, **more)

    return request
