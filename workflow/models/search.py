"""What is searched in, and views that people keep of lists."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.models.base import Base
from workflow.models.cases import Case
from workflow.models.people import User


class SearchDocument(Base):
    """A case as the index reads it; derived, and made anew by `loncatan search rebuild`.

    `title`, `cover` and `body` are stems with blanks between, `spelling` words of title and cover with
    their near spellings. `text` is the body to read; its n-th word is the n-th stem of `body`. Triggers
    carry each row into the table `search_index`, which is of the database's own kind.
    """

    __tablename__ = "search_documents"
    __table_args__ = (Index("ix_search_documents_affair_of", "case_id", "affair"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    affair: Mapped[str | None] = mapped_column(String(120), index=True)
    title: Mapped[str] = mapped_column(Text)
    cover: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    spelling: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)

    case: Mapped[Case] = relationship()


class View(Base):
    """A list as a person keeps it: what is asked, in the query language; the columns; the order."""

    __tablename__ = "views"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[str] = mapped_column(String(400))
    columns: Mapped[str] = mapped_column(String(200))
    sort: Mapped[str] = mapped_column(String(30))
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    owner: Mapped[User] = relationship(lazy="joined")
