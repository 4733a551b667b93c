"""Headers, rate limits and CSRF: what every answer carries and every write must show."""

import os
import secrets
from pathlib import Path

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_security import current_user
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect

from workflow.settings import Settings

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "manifest-src": "'self'",
}
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def stored_secret(var: Path) -> str:
    """The installation's own secret, made once and readable by its owner alone."""
    path = var / "secret_key"
    var.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(48)
        file.write(secret)
    return secret


def init_app(app: Flask, settings: Settings, csrf: CSRFProtect) -> None:
    Talisman(
        app,
        force_https=False,  # the proxy in front ends TLS
        strict_transport_security=settings.address.startswith("https"),
        content_security_policy=CSP,
        content_security_policy_nonce_in=[],
        session_cookie_secure=settings.address.startswith("https"),
        referrer_policy="same-origin",
        permissions_policy={"geolocation": "()", "camera": "()", "microphone": "()"},
    )
    limiter = Limiter(
        _who,
        app=app,
        default_limits=[],
        storage_uri="memory://" if settings.embedded else settings.broker_url,
        storage_options={} if settings.embedded else {"socket_timeout": 1, "socket_connect_timeout": 1},
        in_memory_fallback=["600 per minute"],
        key_prefix="loncatan-limit",
        swallow_errors=True,  # a lost Redis must not stop a submission
    )
    limiter.limit("20 per minute", methods=["POST"])(app.view_functions["security.login"])
    app.extensions["limiter_of_loncatan"] = limiter

    @app.before_request
    def protect() -> None:
        """CSRF for every write that comes with a cookie; bearer tokens prove themselves."""
        if request.method not in SAFE_METHODS and not request.headers.get("Authorization", "").startswith(
            "Bearer "
        ):
            csrf.protect()

    @app.after_request
    def no_store(response):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if current_user and current_user.is_authenticated and not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "private, no-store"
        return response


def _who() -> str:
    return get_remote_address()
