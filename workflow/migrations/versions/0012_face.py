"""Office contacts of agencies"""

import sqlalchemy as sa
from alembic import op

from workflow.db import CanonicalJson

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("agencies", sa.Column("contact", CanonicalJson(), nullable=False, server_default="{}"))
    with op.batch_alter_table("agencies") as batch_op:
        batch_op.alter_column("contact", server_default=None)
