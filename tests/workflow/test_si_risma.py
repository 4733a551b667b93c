"""The registry in the columns of Si Risma: whole, then what has changed, each once and as it stands."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.innovations import in_use
from workflow import commands, validation
from workflow.db import Database
from workflow.exports import si_risma
from workflow.ledger import Actor
from workflow.models import Agency, Case
from workflow.samples import sample

As = Callable[[Session, str], Actor]
COVER = {"title": "BELUM PUBLIK", "category": "digital", "agency": "puskesmas-tanon-1"}


def test_the_whole_registry_and_then_only_what_changed(database: Database, as_: As) -> None:
    with database.write() as session:
        commands.start(session, as_(session, "ani"), COVER)
        number = in_use(session, as_(session, "endah"))
        second = _arrive(session, as_(session, "endah"))
    with database.write() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        case.forms = {"iga_profile": sample("iga_profile") | {"benefits": "Tanya ani@contoh.invalid."}}
    with database.read() as session:
        rows = si_risma.rows(session)
        assert [row["nomor"] for row in rows] == [number, second]
        assert [validation.problems("si_risma", row) for row in rows] == [[], []]
        assert "@" not in rows[0]["manfaat"]
        assert rows[0]["permasalahan"] == case.forms["iga_profile"]["design"]["problem"]
        assert si_risma.table(rows)[0][:2] == ["Judul", "Jenis"]
        first = si_risma.rows(session, limit=1)
        assert si_risma.rows(session, first[-1]["posisi"]) == rows[1:]
        assert si_risma.rows(session, rows[-1]["posisi"]) == []

    with database.write() as session:
        taken = session.scalars(select(Case).where(Case.number == second)).one()
        commands.take_back(session, as_(session, "endah"), "coordinator", [taken])
    with database.read() as session:
        (changed,) = si_risma.rows(session, rows[-1]["posisi"])
        assert (changed["nomor"], changed["keadaan"]) == (second, "dihapus")


def _arrive(session: Session, coordinator: Actor) -> str:
    arrival = commands.Arrival(
        title="SIPANDU Versi 2",
        category="non_digital",
        agency=session.scalars(select(Agency).where(Agency.code == "dlh")).one(),
        year=2022,
        source={"file": "registri.csv", "row": 3},
        raw={},
        tahapan="Uji Coba",
    )
    return commands.receive(session, coordinator, "coordinator", [arrival])[0].number


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_column_says_whether_it_is_known(database: Database) -> None:
    del database
    columns = validation.schema("si_risma")["properties"].values()
    assert {column["x-known"] for column in columns} == {"found", "assumed", "ours"}
