"""Accounts by Flask-Security: sign-in, passwords, second factor, recovery codes and passkeys."""

import base64
import hashlib
from datetime import timedelta

from flask import Flask, Request, redirect, url_for
from flask_security import Security
from werkzeug.wrappers import Response

from web.accounts import audit, parts, texts
from web.accounts.store import Account, Datastore
from workflow import account_mail
from workflow.clock import Clock
from workflow.db import Database

__all__ = ["FRESH", "Account", "init_app"]

FRESH = 15
"""For so many minutes after signing in one may change tokens and second factors unasked."""


def init_app(app: Flask, database: Database, clock: Clock) -> None:
    Account.clock = staticmethod(clock)
    app.config.update(
        SECURITY_DATETIME_FACTORY=clock,
        SECURITY_USE_REGISTER_V2=True,
        SECURITY_UNAUTHORIZED_VIEW=None,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_CSRF_PROTECT_MECHANISMS=["session", "basic"],
        SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS=False,
        SECURITY_I18N_DIRNAME=["builtin"],
        SECURITY_ANONYMOUS_USER_DISABLED=True,
        SECURITY_FLASH_MESSAGES=True,
        SECURITY_FRESHNESS=timedelta(minutes=FRESH),
        SECURITY_FRESHNESS_GRACE_PERIOD=timedelta(minutes=5),
        **texts.MESSAGES,
        **_secrets(app.config["SECRET_KEY"]),
        **_SIGN_IN,
        **_PASSWORD,
        **_SECOND_FACTOR,
        **_PASSKEYS,
    )
    security = Security(
        app,
        Datastore(database, clock),
        mail_util_cls=parts.Post,
        totp_cls=parts.OnceTotp,
        mf_recovery_codes_util_cls=parts.RecoveryCodes,
        webauthn_util_cls=parts.Keys,
        login_form=parts.SignInForm,
        mf_recovery_form=parts.RecoveryForm,
        wan_register_form=parts.NewKeyForm,
    )
    security.want_json(_pages_only)
    app.view_functions["security.two_factor_rescue"] = _rescue
    audit.init_app(app)


def _pages_only(_request: Request) -> bool:
    """Accounts have no API: programs come with a token, and limits count the pages that people see."""
    return False


def _rescue() -> Response:
    """Flask-Security would write to an administrator; here recovery codes are the one way."""
    return redirect(url_for("security.mf_recovery"))


def _secrets(key: str) -> dict[str, object]:
    """Everything that is sealed or salted hangs on the one SECRET_KEY; none of them gives away another."""

    def derived(purpose: str) -> bytes:
        return hashlib.sha256(f"{purpose}:{key}".encode()).digest()

    return {
        "SECURITY_PASSWORD_SALT": derived("salt").hex(),
        "SECURITY_TOTP_SECRETS": {"1": derived("totp").hex()},
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [base64.urlsafe_b64encode(derived("recovery"))],
    }


_SIGN_IN: dict[str, object] = {
    "SECURITY_LOGIN_URL": "/masuk",
    "SECURITY_LOGIN_USER_TEMPLATE": "account/sign_in.html",
    "SECURITY_POST_LOGIN_VIEW": "/beranda",
    "SECURITY_VERIFY_URL": "/masuk/ulang",
    "SECURITY_VERIFY_TEMPLATE": "account/verify.html",
    "SECURITY_POST_VERIFY_VIEW": "/akun",
    "SECURITY_LOGOUT_URL": "/keluar",
    "SECURITY_LOGOUT_METHODS": ["POST"],
    "SECURITY_POST_LOGOUT_VIEW": "/",
}
_PASSWORD: dict[str, object] = {
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SINGLE_HASH": True,
    "SECURITY_PASSWORD_LENGTH_MIN": 12,
    "SECURITY_PASSWORD_COMPLEXITY_CHECKER": None,
    "SECURITY_CHANGEABLE": True,
    "SECURITY_CHANGE_URL": "/akun/kata-sandi",
    "SECURITY_CHANGE_PASSWORD_TEMPLATE": "account/change_password.html",
    "SECURITY_POST_CHANGE_VIEW": "/akun",
    "SECURITY_RECOVERABLE": True,
    "SECURITY_RESET_URL": "/lupa-sandi",
    "SECURITY_RESET_PASSWORD_WITHIN": timedelta(hours=parts.LINK_HOURS),
    "SECURITY_FORGOT_PASSWORD_TEMPLATE": "account/forgot_password.html",
    "SECURITY_RESET_PASSWORD_TEMPLATE": "account/reset_password.html",
    "SECURITY_EMAIL_PLAINTEXT": False,
    "SECURITY_EMAIL_HTML": False,
    "SECURITY_EMAIL_TEMPLATE_PASSWORD_RESET": account_mail.RESET,
    "SECURITY_EMAIL_TEMPLATE_PASSWORD_RESET_NOTICE": account_mail.CHANGED,
    "SECURITY_EMAIL_TEMPLATE_PASSWORD_CHANGE_NOTICE": account_mail.CHANGED,
}
_SECOND_FACTOR: dict[str, object] = {
    "SECURITY_TWO_FACTOR": True,
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
    "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
    "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 60,
    "SECURITY_TWO_FACTOR_SETUP_URL": "/akun/dua-langkah",
    "SECURITY_TWO_FACTOR_SETUP_TEMPLATE": "account/second_factor.html",
    "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/akun/dua-langkah/selesai",
    "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/masuk/kode",
    "SECURITY_TWO_FACTOR_VERIFY_CODE_TEMPLATE": "account/code.html",
    "SECURITY_TWO_FACTOR_RESCUE_URL": "/masuk/bantuan",
    "SECURITY_TWO_FACTOR_SELECT_URL": "/masuk/cara",
    "SECURITY_TOTP_ISSUER": "Inovasi Sragen",
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": 10,
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/akun/kode-pemulihan",
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES_TEMPLATE": "account/recovery_codes.html",
    "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/masuk/pemulihan",
    "SECURITY_MULTI_FACTOR_RECOVERY_TEMPLATE": "account/recover.html",
}
_PASSKEYS: dict[str, object] = {
    "SECURITY_WEBAUTHN": True,
    "SECURITY_WAN_RP_NAME": "Inovasi Sragen",
    "SECURITY_WAN_ALLOW_USER_HINTS": False,
    "SECURITY_WAN_ALLOW_AS_VERIFY": ["first"],
    "SECURITY_WAN_REGISTER_URL": "/akun/kunci-sandi",
    "SECURITY_WAN_REGISTER_TEMPLATE": "account/passkeys.html",
    "SECURITY_WAN_DELETE_URL": "/akun/hapus-kunci-sandi",
    "SECURITY_WAN_SIGNIN_URL": "/masuk/kunci-sandi",
    "SECURITY_WAN_SIGNIN_TEMPLATE": "account/passkey_sign_in.html",
    "SECURITY_WAN_VERIFY_URL": "/masuk/ulang/kunci-sandi",
    "SECURITY_WAN_VERIFY_TEMPLATE": "account/passkey_verify.html",
}
