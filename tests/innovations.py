"""An innovation that is in use already, for tests of what comes after."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import MONDAY
from workflow import commands
from workflow.ledger import Actor
from workflow.models import Agency
from workflow.people import find_user


def in_use(session: Session, coordinator: Actor) -> str:
    """Received from an old registry as applied at Puskesmas Tanon 1, with Ani as its proposer; its number."""
    arrival = commands.Arrival(
        title="SIAGA POSYANDU: gizi balita terpantau",
        category="digital",
        agency=session.scalars(select(Agency).where(Agency.code == "puskesmas-tanon-1")).one(),
        year=2022,
        source={"file": "registri.csv", "row": 2},
        raw={},
        tahapan="Penerapan",
        since=MONDAY - timedelta(days=200),
        proposer=find_user(session, "ani@contoh.invalid"),
    )
    return commands.receive(session, coordinator, "coordinator", [arrival])[0].number
