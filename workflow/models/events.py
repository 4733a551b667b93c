"""What happened: append-only, chained by hash."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workflow.db import CanonicalJson
from workflow.models.base import Base


class Event(Base):
    """A fact about a case.

    `id` is the position in the one global order, without gaps; `seq` the position within the case.
    `data` is hashed. `content` (forms, notes: what people wrote) is not, only its salted digest
    `content_hash` is, so that it can be erased for a person's sake and the chain still verifies.
    `actor_id` is null where a worker acted.
    """

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("case_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    content: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    content_hash: Mapped[str | None] = mapped_column(String(64))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class Chain(Base):
    """The head of the chain: one row, whose lock gives events their global order."""

    __tablename__ = "chain"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
