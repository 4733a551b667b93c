"""A blind round: the shipped design seminar with the one word more that a stage file would have."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from workflow import commands
from workflow.db import Database
from workflow.definition import process, versions
from workflow.ledger import Actor
from workflow.samples import sample

As = Callable[[Session, str], Actor]
TITLE = "SIAGA POSYANDU: gizi balita"
TOLD = (
    "Ani bersama Budi di Puskesmas Tanon I, di bawah Dinas Kesehatan, menamainya SIAGA POSYANDU; "
    "hubungi ani@contoh.invalid atau 0812-3456-7890, NIP 198501012010012001."
)
IDENTIFYING = ("Ani", "Budi", "Yuli", "Tanon", "SIAGA POSYANDU", "Siaga Posyandu", "198501012010012001")


@contextmanager
def blind_seminar() -> Iterator[None]:
    """Stage files are read once into frozen objects: the word is set there, and taken back."""
    rules = [process(v).states["pkp_proposal.design_seminar"].review for v in versions()]
    for rule in rules:
        object.__setattr__(rule, "blind", True)
    yield
    for rule in rules:
        object.__setattr__(rule, "blind", False)


def in_blind_review(database: Database, as_: As) -> str:
    """A proposal whose answers say whose it is, in its seminar."""
    form = sample("change_plan") | {"summary": TOLD}
    document = {
        "title": TITLE,
        "category": "digital",
        "agency": "puskesmas-tanon-1",
        "cohort": "pkp-iv-2022",
        "mentor": "budi@contoh.invalid",
    }
    with database.write() as session:
        number = commands.start(session, as_(session, "ani"), document).number
        commands.advance(session, as_(session, "ani"), number, "submit", form=form)
        commands.advance(session, as_(session, "budi"), number, "approve")
    return number
