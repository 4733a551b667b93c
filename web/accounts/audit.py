"""Listens at the door: each of Flask-Security's signals becomes one row of `workflow.sign_ins`."""

from typing import Any

from flask import Flask, request
from flask_security import signals

from web.context import desk, now
from workflow import sign_ins

BY_ENDPOINT = {
    "security.wan_signin_response": sign_ins.BY_PASSKEY,
    "security.two_factor_token_validation": sign_ins.BY_CODE,
    "security.mf_recovery": sign_ins.BY_RECOVERY,
}
FAILED = {"code": sign_ins.WRONG_CODE, "passkey": sign_ins.WRONG_PASSKEY}
STRAIGHT = {
    signals.password_reset: sign_ins.PASSWORD_RESET,
    signals.password_changed: sign_ins.PASSWORD_CHANGED,
    signals.reset_password_instructions_sent: sign_ins.RESET_ASKED,
    signals.tf_profile_changed: sign_ins.SECOND_FACTOR_ON,
    signals.tf_disabled: sign_ins.SECOND_FACTOR_OFF,
    signals.wan_registered: sign_ins.PASSKEY_ADDED,
    signals.wan_deleted: sign_ins.PASSKEY_REMOVED,
}


def init_app(app: Flask) -> None:
    signals.user_authenticated.connect(_entered, app)
    signals.user_failed_authn.connect(_failed, app)
    for signal, kind in STRAIGHT.items():
        signal.connect(_listener(kind), app, weak=False)


def note(user_id: int | None, kind: str) -> None:
    with desk().database.write() as session:
        sign_ins.note(session, user_id, kind, request.remote_addr, now())


def _entered(_app: Flask, *, user: Any, authn_via: list[str] | None, **_: object) -> None:  # noqa: ANN401
    """A changed password signs in again by itself; that is not somebody coming in."""
    if authn_via != ["change"]:
        note(user.id, BY_ENDPOINT.get(request.endpoint or "", sign_ins.SIGNED_IN))


def _failed(_app: Flask, *, user: Any, auth_type: str, **_: object) -> None:  # noqa: ANN401
    note(user.id, FAILED.get(auth_type, sign_ins.WRONG_PASSWORD))


def _listener(kind: str) -> Any:  # noqa: ANN401 - blinker's receivers are untyped
    def heard(_app: Flask, *, user: Any, **_: object) -> None:  # noqa: ANN401
        note(user.id, kind)

    return heard
