"""Tables brought in from files: one import, and each of its rows as it came."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import CanonicalJson
from workflow.models.base import Base
from workflow.models.people import User


class Import(Base):
    """A file on its way in. Its bytes are not kept: `import_rows` hold every cell.

    `state` is one of mapping, checking, checked, running, done, undoing, undone, discarded. `mapping` says
    which column of the file is which field; `options` holds what a person settled: the cohort, and agencies
    by the names in the file. Without `created_by` it came from the command line of the server itself.
    """

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20), index=True)
    dry_run: Mapped[bool]
    file_name: Mapped[str] = mapped_column(String(200))
    file_type: Mapped[str] = mapped_column(String(10))
    file_size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    sheet: Mapped[str] = mapped_column(String(200))
    heading_row: Mapped[int]
    headings: Mapped[list[str]] = mapped_column(CanonicalJson)
    mapping: Mapped[dict[str, int]] = mapped_column(CanonicalJson)
    options: Mapped[dict[str, Any]] = mapped_column(CanonicalJson, default=dict)
    total: Mapped[int]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    undone_at: Mapped[datetime | None]

    creator: Mapped[User | None] = relationship(foreign_keys=[created_by], lazy="joined")


class ImportRow(Base):
    """One row of a file. `cells` are its texts as they came, those with a NIP sealed: {"sealed": token}.

    `status` is new, then ready, error or duplicate once checked, then done; after an undo undone or kept.
    `findings` list what is wrong (error) or tolerated (remark), `key` tells the same innovation or person.
    """

    __tablename__ = "import_rows"
    __table_args__ = (
        UniqueConstraint("import_id", "row"),
        Index("ix_import_rows_status", "import_id", "status", "row"),
        Index("ix_import_rows_key", "import_id", "key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"))
    row: Mapped[int]
    cells: Mapped[list[Any]] = mapped_column(CanonicalJson)
    status: Mapped[str] = mapped_column(String(12), default="new")
    remarked: Mapped[bool] = mapped_column(default=False)
    document: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(CanonicalJson, default=list)
    key: Mapped[str | None] = mapped_column(String(300))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    note: Mapped[str | None] = mapped_column(Text)


class ImportMapping(Base):
    """Which column was which the last time a file with these headings came."""

    __tablename__ = "import_mappings"

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    heading_set: Mapped[str] = mapped_column(String(64), primary_key=True)
    mapping: Mapped[dict[str, int]] = mapped_column(CanonicalJson)
    used_at: Mapped[datetime]
