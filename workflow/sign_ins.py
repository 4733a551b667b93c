"""What happened at the door: who signed in or failed to, and what changed about how they do.

Beside the record of cases, never part of it: rows are shown to the person and to admins, and deleted
after KEPT. The typed address of an unknown person is not kept.
"""

from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session, joinedload

from workflow.models import SignIn

KEPT = timedelta(days=180)
SHOWN = 10

SIGNED_IN = "signed_in"
BY_PASSKEY = "signed_in_passkey"
BY_CODE = "signed_in_code"
BY_RECOVERY = "signed_in_recovery"
WRONG_PASSWORD = "failed_password"  # noqa: S105 - a word, as those below
WRONG_CODE = "failed_code"
WRONG_PASSKEY = "failed_passkey"
RESET_ASKED = "reset_asked"
PASSWORD_RESET = "password_reset"  # noqa: S105
PASSWORD_CHANGED = "password_changed"  # noqa: S105
INVITED = "invited"
SECOND_FACTOR_ON = "second_factor_on"
SECOND_FACTOR_OFF = "second_factor_off"
RECOVERY_MADE = "recovery_made"
PASSKEY_ADDED = "passkey_added"
PASSKEY_REMOVED = "passkey_removed"
TOKEN_MADE = "token_made"  # noqa: S105
SWITCHED_OFF = "switched_off"
SWITCHED_ON = "switched_on"

KINDS = (
    SIGNED_IN,
    BY_PASSKEY,
    BY_CODE,
    BY_RECOVERY,
    WRONG_PASSWORD,
    WRONG_CODE,
    WRONG_PASSKEY,
    RESET_ASKED,
    PASSWORD_RESET,
    PASSWORD_CHANGED,
    INVITED,
    SECOND_FACTOR_ON,
    SECOND_FACTOR_OFF,
    RECOVERY_MADE,
    PASSKEY_ADDED,
    PASSKEY_REMOVED,
    TOKEN_MADE,
    SWITCHED_OFF,
    SWITCHED_ON,
)
FAILURES = frozenset({WRONG_PASSWORD, WRONG_CODE, WRONG_PASSKEY})


def note(session: Session, user_id: int | None, kind: str, address: str | None, at: datetime) -> None:
    """Write one row; the address is shortened to its network first."""
    session.add(SignIn(user_id=user_id, kind=kind, network=network_of(address), at=at))


def network_of(address: str | None) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one; empty for anything else."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))  # noqa: PLR2004


def of_person(session: Session, user_id: int, limit: int = SHOWN) -> list[SignIn]:
    """The last rows about one person, newest first."""
    return list(
        session.scalars(
            select(SignIn).where(SignIn.user_id == user_id).order_by(SignIn.id.desc()).limit(limit)
        )
    )


def latest(session: Session, *, failures: bool = False, limit: int = 200) -> list[SignIn]:
    """The last rows about anybody, newest first; on wish only what failed."""
    query = select(SignIn).options(joinedload(SignIn.user)).order_by(SignIn.id.desc()).limit(limit)
    if failures:
        query = query.where(SignIn.kind.in_(FAILURES))
    return list(session.scalars(query).unique())


def outdated(session: Session, now: datetime) -> bool:
    """Whether there is anything to forget; asked first, so that a scan needs no write lock for nothing."""
    return bool(session.scalar(select(exists().where(SignIn.at < now - KEPT))))


def forget(session: Session, now: datetime) -> None:
    session.execute(delete(SignIn).where(SignIn.at < now - KEPT))
