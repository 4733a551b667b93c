"""Headers, rate limits and CSRF: what every answer carries and every write must show."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request, session
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
    "media-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "manifest-src": "'self'",
}
MAIL_CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""A mail shown in a frame: its own style, and nothing else."""
DOORS = (
    "login",
    "verify",
    "forgot_password",
    "reset_password",
    "change_password",
    "two_factor_token_validation",
    "two_factor_setup_validate",
    "mf_recovery",
    "wan_signin_response",
    "wan_verify_response",
)
PROVED_BY_ADDRESS = frozenset({"mails.stop"})
"""Views whose address is signed; mail programs post to them without a cookie (RFC 8058)."""

CHANGES_ONE_COOKIE = frozenset({"home.language"})
"""The choice of language: pages that caches may keep have the form, and no token of anybody."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


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
    _limit_doors(app, limiter)
    app.extensions["limiter_of_loncatan"] = limiter

    @app.before_request
    def protect() -> None:
        """CSRF for every write that comes with a cookie; bearer tokens prove themselves."""
        if request.method not in SAFE_METHODS and not _proved():
            csrf.protect()

    @app.after_request
    def no_store(response):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if current_user and current_user.is_authenticated and not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "private, no-store"
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def _who() -> str:
    return get_remote_address()


def _proved() -> bool:
    return _with_token() or request.endpoint in PROVED_BY_ADDRESS | CHANGES_ONE_COOKIE


def _with_token() -> bool:
    """The scheme is spelled in any case (RFC 9110 11.1)."""
    return request.authorization is not None and request.authorization.type == "bearer"


def _limit_doors(app: Flask, limiter: Limiter) -> None:
    """Slow down guessing: from one address, at one account (known or not alike), at one second factor."""
    for name in DOORS:
        _limit(app, name, limiter.limit("20 per minute", methods=["POST"]))
    whose = {"login": _account, "verify": _account, "two_factor_token_validation": _half_way}
    for name, key in (whose | {"mf_recovery": _half_way}).items():
        few = limiter.limit("10 per 15 minutes", methods=["POST"], key_func=key, deduct_when=_refused)
        _limit(app, name, few)
    _limit(app, "forgot_password", limiter.limit("3 per hour", methods=["POST"], key_func=_account))


def _limit(app: Flask, name: str, limited: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Only the view that the limiter gives back is limited."""
    endpoint = f"security.{name}"
    app.view_functions[endpoint] = limited(app.view_functions[endpoint])


def _account() -> str:
    """The account that somebody tries to enter or to reset."""
    typed = request.form.get("email", "").strip().lower()
    return typed[:254] or str(session.get("_user_id", "-"))


def _half_way() -> str:
    return str(session.get("tf_user_id", "-"))


def _refused(response: Response) -> bool:
    """What passed leads somewhere else; only what did not counts."""
    return response.status_code == HTTPStatus.OK
