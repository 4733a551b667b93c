"""Packages on their way out: one export, and each entry in it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import CanonicalJson
from workflow.models.base import Base
from workflow.models.cases import Case
from workflow.models.people import User


class Export(Base):
    """A package of one entry, or of every entry of a year; its file lies in the export store.

    `state` is one of building, done, failed, cancelled, expired. `contents` lists what a finished package
    holds: {name, size, sha256}. Without `created_by` it came from the command line of the server itself.
    """

    __tablename__ = "exports"

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    file_name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    contents: Mapped[list[dict[str, Any]]] = mapped_column(CanonicalJson, default=list)
    fault: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]

    case: Mapped[Case | None] = relationship()
    creator: Mapped[User | None] = relationship(lazy="joined")


class ExportPart(Base):
    """One entry of a package, made or not; `version` is the version of the case that it shows."""

    __tablename__ = "export_parts"
    __table_args__ = (UniqueConstraint("export_id", "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    export_id: Mapped[int] = mapped_column(ForeignKey("exports.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    version: Mapped[int | None]
    size: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
