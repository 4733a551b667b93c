"""Mails about a person's own account: owed as rows like any other, but about no event of a case."""

import secrets
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from workflow.db import owe
from workflow.models import Email, User

RESET, INVITATION, CHANGED = "password_reset", "invitation", "password_changed"
KINDS = frozenset({RESET, INVITATION, CHANGED})


def owe_account_mail(
    session: Session, user: User, kind: str, words: dict[str, Any], now: datetime, address: str
) -> Email:
    """Owe a person one of KINDS.

    `words` fill in the template and are erased once the mail is sent. A second copy does no harm: a
    link works once, however often it arrives.
    """
    domain = urlsplit(address).hostname or "loncatan"
    email = Email(
        recipient_id=user.id,
        kind=kind,
        to_address=user.email,
        message_id=f"<{kind}.{secrets.token_hex(12)}@{domain}>",
        subject="",
        text="",
        html="",
        words=words,
        on_unknown="resend",
        due_at=now,
        created_at=now,
    )
    session.add(email)
    session.flush()
    owe(session, "email", email.id)
    return email
