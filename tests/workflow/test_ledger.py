"""The canonical form: one text for one value, on any database, letter for letter as people wrote it."""

import json
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import commands
from workflow.db import Database, Owed, canonical
from workflow.ledger import Actor, digest, sha256
from workflow.models import Event, Fact, Job
from workflow.samples import sample

HASHED = (
    '{"actor":4,"at":"2022-09-12T02:00:00.000000+00:00","case":2,"content":"c",'
    '"data":{"to":"pkp_proposal.draft"},"id":1,"name":"case.created","previous":"p","role":"proposer","seq":3}'
)

texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(texts, values, max_size=6), st.randoms())
def test_the_order_of_keys_does_not_matter_and_nothing_else_is_lost(value: dict[str, object], random) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    shuffled = list(value.items())
    random.shuffle(shuffled)

    assert canonical(dict(shuffled)) == canonical(value)
    assert json.loads(canonical(value)) == value
    assert canonical(json.loads(canonical(value))) == canonical(value)


@given(texts, texts)
def test_two_texts_share_a_hash_only_if_they_are_the_same(one: str, two: str) -> None:
    assert (sha256(canonical(one)) == sha256(canonical(two))) == (one == two)


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
def test_a_text_keeps_the_unicode_form_it_was_written_in(form: str) -> None:
    text = unicodedata.normalize(form, "Café ﬁ Å")  # type: ignore[arg-type]

    assert json.loads(canonical({"title": text}))["title"] == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_json_is_not_hashed(value: float) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        canonical({"score": value})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(value=values.filter(lambda value: value is not None))
def test_what_a_database_gives_back_has_the_hash_of_what_it_was_given(
    database: Database, value: object
) -> None:
    with database.write() as session:
        session.merge(Fact(name="value", value=value))
    with database.read() as session:
        kept = session.scalars(select(Fact.value).where(Fact.name == "value")).one()

    assert sha256(canonical(kept)) == sha256(canonical(value))


def test_every_column_of_an_event_is_in_its_hash() -> None:
    def made(**other: object) -> str:
        columns: dict[str, object] = {
            "id": 1,
            "case_id": 2,
            "seq": 3,
            "name": "case.created",
            "actor_id": 4,
            "role": "proposer",
            "at": datetime(2022, 9, 12, 2, tzinfo=UTC),
            "data": {"to": "pkp_proposal.draft"},
            "content_hash": "c",
            "previous_hash": "p",
        }
        return digest(Event(**(columns | other)))

    changed = {
        "id": 9,
        "case_id": 9,
        "seq": 9,
        "name": "x",
        "actor_id": None,
        "role": "x",
        "at": datetime(2022, 9, 12, 2, 0, 0, 1, tzinfo=UTC),
        "data": {},
        "content_hash": None,
        "previous_hash": "x",
    }
    assert len({made(), *(made(**{name: value}) for name, value in changed.items())}) == len(changed) + 1
    assert set(changed) | {"content", "hash"} == set(Event.__table__.columns.keys())
    assert made() == sha256(HASHED), "records of earlier releases would no longer verify"
    assert made(at=datetime(2022, 9, 12, 9, tzinfo=timezone(timedelta(hours=7)))) == made()


def test_a_bell_is_rung_for_each_job_that_a_step_owes(
    database: Database, as_: Callable[[Session, str], Actor]
) -> None:
    rung: list[Owed] = []
    database.bell = rung.extend
    cover = {"title": "SIAGA POSYANDU", "category": "digital", "agency": "puskesmas-tanon-1"}
    with database.write() as session:
        number = commands.start(session, as_(session, "ani"), cover).number
        commands.advance(session, as_(session, "ani"), number, "propose", form=sample("innovation_proposal"))

    with database.read() as session:
        assert rung == [("job", job) for job in session.scalars(select(Job.id).order_by(Job.id))]
    assert rung
