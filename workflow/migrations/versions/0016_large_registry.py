"""Indexes that lists of a large registry read alone"""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index(op.f("ix_cases_entered_at"), "cases", ["entered_at"])
    op.create_index("ix_search_documents_affair_of", "search_documents", ["case_id", "affair"])
