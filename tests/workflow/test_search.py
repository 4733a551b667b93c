"""Search: the same hits on both databases, an index that follows every change, and no leak."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from tests.conftest import MONDAY
from tests.workflow.registry import fill
from tests.workflow.test_commands import COVER, act, begin
from workflow import case_lists, commands
from workflow.db import Database
from workflow.demo.load import innovations
from workflow.errors import Invalid
from workflow.ledger import Actor
from workflow.models import SearchDocument
from workflow.people import find_user
from workflow.samples import sample
from workflow.search import index, query
from workflow.search.words import joined, stem

As = Callable[[Session, str], Actor]
SEARCHES = tomllib.loads((Path(__file__).parent / "searches.toml").read_text("utf-8"))["search"]


def ask(database: Database, who: str, text: str) -> case_lists.Page:
    with database.read() as session:
        user = find_user(session, f"{who}@contoh.invalid")
        assert user is not None
        asked = query.parse(session, text)
        filters = case_lists.Filters(q=asked.words, **asked.filters)
        return case_lists.list_cases(session, user, MONDAY, filters)


def test_the_set_of_searches_finds_what_it_should(database: Database) -> None:
    fill(database)

    for asked in SEARCHES:
        page = ask(database, "endah", asked["q"])

        names = [case.title.partition(":")[0] for case in page.cases][:6]
        assert (names, page.total) == (asked["first"], asked["found"]), asked["q"]
        assert page.relaxed is asked.get("relaxed", False) or not page.total, asked["q"]


def test_the_index_follows_every_command(database: Database, as_: As) -> None:
    number = begin(database, as_, title="SIAGA POSYANDU: gizi balita")
    assert ask(database, "ani", "posyandu").total == 1

    with database.write() as session:
        document = {**COVER, "title": "SI-LANSIA: layanan lanjut usia"}
        commands.amend(session, as_(session, "ani"), number, document, None)
    assert (ask(database, "ani", "posyandu").total, ask(database, "ani", "silansia").total) == (0, 1)

    form = sample("change_plan")
    form["summary"] = "Kunjungan berkala oleh kader penggerak ketukpintu. " * 5
    act(database, as_, "ani", number, "submit", form=form)
    assert ask(database, "endah", f"ketukpintu urusan:{query.slug(form['main_affair'])}").total == 1

    with database.write() as session:
        commands.hand_over(session, as_(session, "yuli"), number, "tuti@contoh.invalid", "Mutasi.")
    with database.write() as session:
        person = find_user(session, "tuti@contoh.invalid")
        assert person is not None
        person.name = "Zubaidah"
    assert ask(database, "endah", "zubaidah").total == 1
    with database.read() as session:
        assert index.check(session) == []


def test_a_draft_is_not_searched(database: Database, as_: As) -> None:
    number = begin(database, as_)
    with database.write() as session:
        form = {"summary": "Rahasia ketukpintu"}
        commands.save_draft(session, as_(session, "ani"), number, form, None)

    assert ask(database, "endah", "ketukpintu").total == 0


def test_a_damaged_index_is_noticed_and_made_anew(database: Database) -> None:
    fill(database)
    with database.write() as session:
        session.execute(delete(SearchDocument).where(SearchDocument.case_id == 3))
        session.get_one(SearchDocument, 5).title = "lain"
    with database.read() as session:
        assert index.check(session) == ["INV-2022-0003", "INV-2022-0005"]
    assert ask(database, "endah", "diabetes tapak").total == 0

    assert index.complete(database) == 1
    assert ask(database, "endah", "diabetes tapak").total == 1
    assert index.rebuild(database) == len(innovations())
    with database.read() as session:
        assert index.check(session) == []


def test_nobody_finds_or_counts_what_they_may_not_see(database: Database) -> None:
    fill(database)

    for text in ("", "kesehatan", "vaksn", "opd:dinkes", "INV-2022-0007", "pengusul:suharni"):
        page = ask(database, "lain", text)
        assert (page.total, page.cases) == (0, [])
        assert not any(page.counts.values()), text
    head = ask(database, "yuli", "")
    assert 0 < head.total < len(innovations())
    assert all(case.agency.path.startswith("/dinkes/") for case in head.cases)
    assert head.total == sum(head.counts["stage"].values())


def test_counts_are_those_of_the_list(database: Database) -> None:
    fill(database)

    counts = ask(database, "endah", "").counts
    for key in ("stage", "category", "affair"):
        name = next(k.name for k in query.KEYS if k.field == key)
        for value, count in counts[key].items():
            assert ask(database, "endah", f'{name}:"{value}"').total == count, value


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("thap:uji_coba", "Mungkin maksud Anda “tahap:”"),
        ("tahap:entah", "Pilihan terdekat: tahap:"),
        ("status:report_revision", "dapat berarti"),
        ("tahun:20x2", "bukan tahun"),
        ("opd:dinkess", "opd:dinkes"),
    ],
)
def test_what_means_nothing_is_explained(database: Database, text: str, message: str) -> None:
    with database.read() as session, pytest.raises(Invalid) as refused:
        query.parse(session, text)

    assert message in refused.value.problems[0].message


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_question_survives_being_written_out(database: Database) -> None:
    texts = (
        'tahap:uji_coba opd:dinkes terlambat urusan:kesehatan "anak sekolah" tani',
        "status:pkp_proposal.mentor_review giliran:mentor tahun:2022",
        'angkatan:"PKP Angkatan IV 2022" jenis:non-digital pengusul:"sri rejeki"',
        "SEMBADA OBAT: sediaan https://contoh.invalid/a",
    )
    with database.read() as session:
        for text in texts:
            asked = query.parse(session, text)
            written = query.text_of(session, case_lists.Filters(q=asked.words, **asked.filters))
            assert query.parse(session, written) == asked, text
        assert asked == query.Asked({}, "SEMBADA OBAT: sediaan https://contoh.invalid/a")


def test_stems_and_names_written_apart() -> None:
    families: dict[str, Any] = {
        "layan": "pelayanan layanan melayani dilayani",
        "ternak": "peternakan peternak ternak",
        "adu": "pengaduan aduan diadukan",
        "sehat": "kesehatan menyehatkan",
    }
    for root, members in families.items():
        assert {stem(word) for word in members.split()} == {root}
    assert joined("SI-ASNA dan SI RANTING") == ["siasna", "siranting"]
