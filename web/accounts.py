"""Accounts by Flask-Security: sign-in, change and reset of passwords, time-based second factor."""

import hashlib
from typing import Any, ClassVar

from flask import Flask
from flask_security import RoleMixin, Security, UserMixin
from flask_security.datastore import UserDatastore
from sqlalchemy import func, select

from workflow import policy
from workflow.clock import Clock
from workflow.db import Database
from workflow.models import User


class Role(RoleMixin):  # type: ignore[misc, unused-ignore]
    """A global role as Flask-Security wants to see it."""

    def __init__(self, name: str) -> None:
        self.name = name


class Account(UserMixin, User):  # type: ignore[misc]
    """A person as Flask-Security wants to see one; the same rows as User."""

    clock: ClassVar[Clock]

    @property
    def roles(self) -> list[RoleMixin]:  # type: ignore[override]
        return [Role(name) for name in sorted(self.global_roles)]

    @property
    def is_active(self) -> bool:
        return policy.is_active(self, Account.clock())


class Datastore(UserDatastore):
    """Flask-Security's view of our people: reads at once, writes in one short transaction."""

    def __init__(self, database: Database) -> None:
        super().__init__(Account, Role)
        self._database = database
        self._pending: list[Account] = []

    def find_user(self, case_insensitive: bool = False, **query: Any) -> Account | None:  # noqa: ANN401, FBT001, FBT002
        name, value = query.popitem()
        column = getattr(Account, name)
        match = func.lower(column) == str(value).lower() if case_insensitive else column == value
        with self._database.read() as session:
            return session.scalars(select(Account).where(match)).unique().one_or_none()

    def find_role(self, role: str) -> Role | None:
        return Role(role) if role in policy.GLOBAL_ROLES else None

    def put(self, model: Account) -> Account:
        with self._database.write() as session:
            session.merge(model)
        return model

    def commit(self) -> None:
        """Every `put` has committed already."""


def init_app(app: Flask, database: Database, clock: Clock) -> None:
    Account.clock = staticmethod(clock)
    key = app.config["SECRET_KEY"]
    app.config.update(
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of an algorithm
        SECURITY_PASSWORD_SINGLE_HASH=True,
        SECURITY_PASSWORD_LENGTH_MIN=12,
        SECURITY_PASSWORD_COMPLEXITY_CHECKER=None,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_LOGIN_URL="/masuk",
        SECURITY_LOGOUT_URL="/keluar",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_CHANGEABLE=True,
        SECURITY_CHANGE_URL="/akun/kata-sandi",
        SECURITY_SEND_PASSWORD_CHANGE_EMAIL=False,
        SECURITY_POST_LOGIN_VIEW="/beranda",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_POST_CHANGE_VIEW="/akun",
        SECURITY_LOGIN_USER_TEMPLATE="account/sign_in.html",
        SECURITY_CHANGE_PASSWORD_TEMPLATE="account/change_password.html",  # noqa: S106
        SECURITY_FLASH_MESSAGES=True,
        SECURITY_TRACKABLE=True,
        SECURITY_DATETIME_FACTORY=clock,
        SECURITY_USE_REGISTER_V2=True,
        SECURITY_UNAUTHORIZED_VIEW=None,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_CSRF_PROTECT_MECHANISMS=["session", "basic"],
        SECURITY_CSRF_IGNORE_UNAUTH_ENDPOINTS=False,
        SECURITY_SESSION_PROTECTION="strong",
        SECURITY_REMEMBER_ME=False,
        SECURITY_PASSWORD_SALT=hashlib.sha256(f"salt:{key}".encode()).hexdigest(),
        SECURITY_I18N_DIRNAME=["builtin"],
        SECURITY_ANONYMOUS_USER_DISABLED=True,
    )
    app.config.update(_INDONESIAN)
    Security(app, Datastore(database))


_INDONESIAN = {
    f"SECURITY_MSG_{name}": (text, category)
    for name, text, category in (
        ("UNAUTHENTICATED", "Silakan masuk untuk membuka halaman ini.", "info"),
        ("UNAUTHORIZED", "Anda tidak memiliki akses ke halaman ini.", "error"),
        ("INVALID_PASSWORD", "Alamat surel atau kata sandi tidak sesuai.", "error"),
        ("USER_DOES_NOT_EXIST", "Alamat surel atau kata sandi tidak sesuai.", "error"),
        ("GENERIC_AUTHN_FAILED", "Alamat surel atau kata sandi tidak sesuai.", "error"),
        ("DISABLED_ACCOUNT", "Akun ini tidak aktif. Hubungi Bappeda Litbang.", "error"),
        ("EMAIL_NOT_PROVIDED", "Alamat surel wajib diisi.", "error"),
        ("PASSWORD_NOT_PROVIDED", "Kata sandi wajib diisi.", "error"),
        ("INVALID_EMAIL_ADDRESS", "Alamat surel tidak sesuai.", "error"),
        ("PASSWORD_INVALID_LENGTH", "Kata sandi minimal %(length)s karakter.", "error"),
        ("PASSWORD_MISMATCH", "Kedua kata sandi tidak sama.", "error"),
        ("RETYPE_PASSWORD_MISMATCH", "Kedua kata sandi tidak sama.", "error"),
        ("PASSWORD_IS_THE_SAME", "Kata sandi baru harus berbeda dari yang lama.", "error"),
        ("PASSWORD_CHANGE", "Kata sandi berhasil diganti.", "success"),
        ("LOGIN", "Silakan masuk untuk membuka halaman ini.", "info"),
        ("REAUTHENTICATION_REQUIRED", "Masuk sekali lagi untuk melanjutkan.", "info"),
    )
}
