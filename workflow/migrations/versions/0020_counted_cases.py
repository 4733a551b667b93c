"""One index that holds all that counts, columns and orders of a large registry ask of a case"""

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_index(
        "ix_cases_counted",
        "cases",
        [
            "pipeline",
            "voided_at",
            "state",
            "category",
            "agency_id",
            "cohort_id",
            "due_at",
            "outcome",
            "updated_at",
            "id",
        ],
    )
