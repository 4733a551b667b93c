"""The parts of Flask-Security that we replace: mail, second factor, recovery codes, passkeys, forms."""

from typing import Any
from urllib.parse import urlsplit

from flask import request, url_for
from flask_security import LoginForm, MailUtil, MfRecoveryCodesUtil, MfRecoveryForm, Totp, WebauthnUtil
from flask_security.mail_util import EmailValidateException
from flask_security.utils import get_message
from flask_security.webauthn import WebAuthnRegisterForm
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from web.accounts import audit
from web.accounts.store import datastore
from web.context import desk, now
from workflow import account_mail, dates, sign_ins
from workflow.validation import EMAIL

LINK_HOURS = 24


class Post(MailUtil):
    """Owes mails as rows; a template's name is the kind of mail.

    Links lead to our own address, whatever host a request claims to have asked.
    """

    def send_mail(self, template: str, *_written: object, **context: Any) -> None:  # noqa: ANN401
        address = desk().settings.address
        words = {"at": dates.long_moment(now()), "again": f"{address}{url_for('security.forgot_password')}"}
        if template == account_mail.RESET:
            words |= link(context["reset_token"])
        with desk().database.write() as session:
            account_mail.owe_account_mail(session, context["user"], template, words, now(), address)

    def normalize(self, email: str) -> str:
        """As workflow.people keeps addresses; internal domains such as .local are as good as any."""
        if not EMAIL.fullmatch(email.strip()):
            raise EmailValidateException(get_message("INVALID_EMAIL_ADDRESS")[0])
        return email.strip().lower()

    validate = normalize


def link(token: str) -> dict[str, Any]:
    """What a mail says of a link to set the password."""
    path = url_for("security.reset_password", token=token)
    return {"link": f"{desk().settings.address}{path}", "hours": LINK_HOURS}


class OnceTotp(Totp):
    """A code is good for once (RFC 6238 5.2)."""

    def get_last_counter(self, user: Any) -> int | None:  # noqa: ANN401
        counter: int | None = user.tf_last_counter
        return counter

    def set_last_counter(self, user: Any, tmatch: Any) -> None:  # noqa: ANN401
        datastore().use_time_step(user.id, tmatch.counter)


class RecoveryCodes(MfRecoveryCodesUtil):
    """Making new ones is written down."""

    def create_recovery_codes(self, user: Any) -> list[str]:  # noqa: ANN401
        made: list[str] = super().create_recovery_codes(user)
        audit.note(user.id, sign_ins.RECOVERY_MADE)
        return made


class Keys(WebauthnUtil):
    """Passkeys that any device may hold and that prove the person, so that they stand for both factors."""

    def origin(self) -> str:
        """The public address, where a proxy in front ends TLS; else as the browser said it."""
        public = urlsplit(desk().settings.base_url)
        return f"{public.scheme}://{public.netloc}" if public.netloc else request.host_url.rstrip("/")

    def authenticator_selection(self, _user: Any, _usage: str) -> AuthenticatorSelectionCriteria:  # noqa: ANN401
        return AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )

    def user_verification(self, _user: Any, _usage: list[str]) -> UserVerificationRequirement:  # noqa: ANN401
        return UserVerificationRequirement.REQUIRED


class SignInForm(LoginForm):
    """Writes down who failed to be anybody."""

    def validate(self, **kwargs: Any) -> bool:  # noqa: ANN401
        passed: bool = super().validate(**kwargs)
        if not passed and self.user is None and self.email.data and self.password.data:
            audit.note(None, sign_ins.WRONG_PASSWORD)
        return passed


class RecoveryForm(MfRecoveryForm):
    """Writes down a wrong code; takes it as people type it."""

    def validate(self, **kwargs: Any) -> bool:  # noqa: ANN401
        self.code.data = (self.code.data or "").strip().lower()
        passed: bool = super().validate(**kwargs)
        if not passed and self.code.data and self.user:
            audit.note(self.user.id, sign_ins.WRONG_CODE)
        return passed


class NewKeyForm(WebAuthnRegisterForm):
    """Every passkey here is one to sign in with."""

    def validate(self, **kwargs: Any) -> bool:  # noqa: ANN401
        self.usage.data = "first"
        return bool(super().validate(**kwargs))
