"""Accounts and API tokens as rows; how a password is hashed is the web's business."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from workflow import policy
from workflow.errors import Invalid, Problem
from workflow.models import Agency, ApiToken, Grant, Passkey, User
from workflow.validation import EMAIL

SCOPES = ("read", "write")
TOKEN_PREFIX = "lct_"  # noqa: S105 - the visible head of a token, so that leaks are recognised


def create_user(
    session: Session,
    now: datetime,
    *,
    email: str,
    name: str,
    agency: str | None = None,
    position: str = "",
    roles: Iterable[str] = (),
    heads_agency: bool = False,
    password_hash: str | None = None,
    expires_at: datetime | None = None,
    locale: str = "id",
) -> User:
    """Add a person. Raises Invalid with every problem: address, agency, roles, or an address in use."""
    email, roles = email.strip().lower(), sorted(set(roles))
    home = _agency(session, agency) if agency else None
    problems = _problems(session, email, name, roles)
    if agency and home is None:
        problems.append(Problem("/agency", f"Instansi {agency} tidak dikenal."))
    if problems:
        raise Invalid(problems)
    user = User(
        email=email,
        name=name.strip(),
        position=position,
        agency=home,
        heads_agency=heads_agency,
        locale=locale,
        password=password_hash,
        expires_at=expires_at,
        created_at=now,
        confirmed_at=now,
        fs_uniquifier=secrets.token_hex(32),
        grants=[Grant(role=role) for role in roles],
    )
    session.add(user)
    session.flush()
    return user


def find_user(session: Session, email: str) -> User | None:
    """The account with this address, however it is capitalised; None for what cannot be an address."""
    address = email.strip().lower()
    if not EMAIL.fullmatch(address):
        return None
    return session.scalars(select(User).where(User.email == address)).unique().one_or_none()


def create_token(
    session: Session, now: datetime, user: User, scopes: Iterable[str] = SCOPES, days: int = 90
) -> str:
    """Make a bearer token and return it; only its hash is kept, so this is the one time it can be seen."""
    unknown = set(scopes) - set(SCOPES)
    if unknown:
        raise Invalid([Problem("/scope", f"Cakupan tidak dikenal: {', '.join(sorted(unknown))}.")])
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            user_id=user.id,
            token_hash=hash_token(secret),
            scopes=" ".join(sorted(set(scopes))),
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    return secret


def find_token(session: Session, secret: str, now: datetime) -> ApiToken | None:
    """The live token behind a bearer secret, if its person may still act."""
    token = (
        session.scalars(select(ApiToken).where(ApiToken.token_hash == hash_token(secret)))
        .unique()
        .one_or_none()
    )
    if token is None or token.revoked_at is not None or token.expires_at <= now:
        return None
    return token if policy.is_active(token.user, now) else None


def switch(session: Session, user: User, now: datetime, *, active: bool) -> None:
    """Let a person in again, or out at once: sessions end, tokens are revoked, links in mails die."""
    user.active = active
    end_sessions(user)
    if not active:
        session.execute(
            update(ApiToken)
            .where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
            .values(revoked_at=now)
        )


def end_sessions(user: User) -> None:
    user.fs_uniquifier = secrets.token_hex(32)


def forget_second_factor(session: Session, user: User) -> None:
    """For somebody who lost telephone and recovery codes: sign-in falls back to the password alone."""
    user.tf_primary_method = user.tf_totp_secret = user.mf_recovery_codes = None
    end_sessions(user)
    session.execute(delete(Passkey).where(Passkey.user_id == user.id))


def hash_token(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _agency(session: Session, code: str) -> Agency | None:
    return session.scalars(select(Agency).where(Agency.code == code)).one_or_none()


def _problems(session: Session, email: str, name: str, roles: list[str]) -> list[Problem]:
    problems = []
    if not EMAIL.fullmatch(email):
        problems.append(Problem("/email", f"“{email}” bukan alamat surel, misalnya nama@sragenkab.go.id."))
    elif find_user(session, email) is not None:
        problems.append(Problem("/email", f"{email} sudah dipakai akun lain; cari akun itu di daftar."))
    if not name.strip():
        problems.append(Problem("/name", "Nama wajib diisi."))
    unknown = [role for role in roles if role not in policy.GLOBAL_ROLES]
    if unknown:
        problems.append(Problem("/roles", f"Peran tidak dikenal: {', '.join(unknown)}."))
    return problems
