"""Two versions at once: an additive migration under load, then new processes beside the old ones."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.faults.scenario import Pace, Scenario
from tests.faults.stand import READY_SECONDS, Distributed
from tests.servers import until
from workflow import migrations

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("schemas", "web", "workers", "workflow")
REVISION = '''"""A column more"""

import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{newest}"


def upgrade() -> None:
    op.add_column("emails", sa.Column("channel", sa.String(20), nullable=True))
    op.add_column("jobs", sa.Column("trace", sa.String(40), nullable=True))
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
'''
HANDED = "    handed_at: Mapped[datetime | None]\n"
CHANGES = {
    "workflow/models/work.py": (
        HANDED,
        HANDED + "    channel: Mapped[str | None] = mapped_column(default='mail')\n",
    ),
    "workers/handlers.py": (
        "        created_at=task.now,\n",
        "        created_at=task.now,\n        channel='surel',\n",
    ),
}


def next_version(folder: Path) -> Path:
    """A copy of the source tree as a later release might be: a migration, a column and its use."""
    tree = folder / "next"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    revision = tree / "workflow" / "migrations" / "versions" / "9999_next.py"
    revision.write_text(REVISION.format(newest=migrations.newest()))
    for name, (old, new) in CHANGES.items():
        text = (tree / name).read_text()
        if old not in text:
            raise LookupError(name)
        (tree / name).write_text(text.replace(old, new))
    return tree


def rolling(stand: Distributed, pace: Pace) -> int:
    """Migrate while the old version works; both versions side by side; the old one leaves in order."""
    tree = next_version(stand.folder)
    environment = {**os.environ, **stand.settings.environment(), "PYTHONPATH": str(tree)}
    subprocess.run([sys.executable, "-m", "web.cli", "migrate"], env=environment, cwd=tree, check=True)
    stand.hire("worker3", cwd=tree)
    stand.hire("web2", cwd=tree)
    until(lambda: stand.ready() and stand.working("worker3"), READY_SECONDS)
    pace.hold()
    stand.web_ports.remove(stand.settings.port)
    stand.supervisor.remove("web")
    stand.supervisor.remove("worker2")
    pace.hold()
    with stand.database.read() as session:
        by_new = session.connection().exec_driver_sql("SELECT count(*) FROM emails WHERE channel = 'surel'")
        return int(by_new.scalar_one())


SCENARIOS = [Scenario("deploy", "an additive migration and two versions at once, under load", rolling)]
