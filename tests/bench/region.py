"""A regency's registry of any size: invented cases with five years of events, written in bulk.

Every case walks the process at random; events of all cases lie in the order of time in one chain, with the
hashes that `loncatan audit verify` asks for. Stays, deadlines, index rows, people and the levels of entries
are those that the walks amount to. The same seed gives the same registry.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Table, insert, select, update
from sqlalchemy.orm import Session

from tests.bench import office
from workflow.calendar import add_working_days, end_of, wib_date
from workflow.db import Database, canonical
from workflow.definition import State, Transition, process
from workflow.iid.catalogue import catalogue_for
from workflow.ledger import form, sha256
from workflow.models import (
    Agency,
    Base,
    Case,
    Chain,
    Counter,
    Deadline,
    Event,
    IndicatorClaim,
    Participant,
    SearchDocument,
    StageVisit,
    User,
)
from workflow.people import create_user
from workflow.samples import sample
from workflow.search.document import fields
from workflow.search.words import stems
from workflow.validation import schema
from workflow.visits import stays

FLOW = process("2022")
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
YEARS = 5
BATCH = 2000
LONGEST_WALK = 40
LEFT_ALONE, TAKEN_TO_IGA = 0.05, 0.08
TOPICS = (
    "gizi balita", "air bersih", "pajak daerah", "sekolah ramah anak", "antrean puskesmas", "arsip desa",
    "pupuk petani", "vaksin", "sampah pasar", "perizinan usaha", "jalan rusak", "wisata desa",
)  # fmt: skip
WAYS = ("Sistem Pemantauan", "Layanan Cepat", "Gerakan", "Aplikasi", "Kartu", "Sekolah Lapang", "Bank")


@dataclass
class Walk:
    """One case and what happened to it: (moment, transition or None for its creation, where it stood)."""

    id: int
    number: str
    agency: int
    owner: int
    affair: str
    steps: list[tuple[datetime, Transition | None, str]] = field(default_factory=list)

    @property
    def state(self) -> State:
        last = self.steps[-1][1]
        return FLOW.states[last.to if last else FLOW.first_state("innovation")]


def fill(database: Database, cases: int, seed: int = 1) -> int:
    """Write so many cases into a furnished database; how many events they have."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    with database.write() as session:
        agencies = list(session.scalars(select(Agency).order_by(Agency.id)))
        owners = _people(session, agencies)
        keeper = session.scalars(select(User.id).where(User.email == office.COORDINATOR)).one()
    walks = list(_walks(chance, cases, owners))
    for start in range(0, cases, BATCH):
        _write_cases(database, walks[start : start + BATCH], {a.id: a for a in agencies}, keeper)
    return _write_events(database, walks, keeper)


def _people(session: Session, agencies: list[Agency]) -> list[tuple[int, int]]:
    """One proposer in every agency: (user, agency)."""
    people = [
        create_user(session, NOW, email=f"p{a.id}@ukur.invalid", name=f"Pengusul {a.id}", agency=a.code)
        for a in agencies
    ]
    return [(person.id, agency.id) for person, agency in zip(people, agencies, strict=True)]


def _walks(chance: random.Random, cases: int, owners: list[tuple[int, int]]) -> Iterator[Walk]:
    affairs = schema("change_plan")["properties"]["main_affair"]["enum"]
    span = YEARS * 365 * 24 * 60
    starts = sorted(NOW - timedelta(minutes=chance.randrange(span)) for _ in range(cases))
    counts: dict[int, int] = {}
    for number, start in enumerate(starts, start=1):
        year = wib_date(start).year
        counts[year] = counts.get(year, 0) + 1
        owner, agency = chance.choice(owners)
        walk = Walk(number, f"INV-{year}-{counts[year]:04d}", agency, owner, chance.choice(affairs))
        _go(chance, walk, start)
        yield walk


def _go(chance: random.Random, walk: Walk, at: datetime) -> None:
    """On from the beginning until the present, an end, or being left alone."""
    walk.steps.append((at, None, ""))
    while len(walk.steps) < LONGEST_WALK and chance.random() > LEFT_ALONE:
        onward = _onward(walk.state.name)
        if not onward or (walk.state.name == "replication.replicated" and chance.random() > TAKEN_TO_IGA):
            return
        step = chance.choice(onward)
        at += timedelta(minutes=1 if step.by_system else chance.randrange(60, 45 * 24 * 60))
        if at >= NOW:
            return
        walk.steps.append((at, step, walk.state.name))


@cache
def _onward(state: str) -> list[Transition]:
    """Steps that lead on; rejection and withdrawal come up less often, as they do."""
    steps = FLOW.leaving(state)
    good = [t for t in steps if FLOW.states[t.to].outcome in {None, "advanced"}]
    return good * 4 + [t for t in steps if t not in good]


# --- rows ------------------------------------------------------------------------------------------------


def _write_cases(database: Database, walks: list[Walk], agencies: dict[int, Agency], keeper: int) -> None:
    rows: dict[type[Base], list[dict[str, Any]]] = {
        table: [] for table in (Case, Participant, SearchDocument, StageVisit, Deadline, IndicatorClaim)
    }
    for walk in walks:
        case = _case(walk)
        rows[Case].append(case)
        rows[Participant].append(
            {"case_id": walk.id, "user_id": walk.owner, "role": "proposer", "since": walk.steps[0][0]}
        )
        rows[SearchDocument].append({"case_id": walk.id, **_index(walk, case, agencies[walk.agency])})
        told = [(_data(step, origin), at) for at, step, origin in walk.steps]
        rows[StageVisit] += [_columns(visit) for visit in stays(FLOW, walk.id, told)]
        rows[Deadline] += _deadlines(walk)
        if FLOW.stages[walk.state.stage].scored:
            rows[IndicatorClaim] += _claims(walk, keeper)
    with database.write() as session:
        for table, held in rows.items():
            if held:
                session.execute(insert(_table(table)), held)


def _table(model: type[Base]) -> Table:
    """Rows go in as they are: the mapper would sort them by which of their values are empty."""
    return Base.metadata.tables[model.__tablename__]


def _columns(visit: StageVisit) -> dict[str, Any]:
    names = ("case_id", "stage", "entered_at", "left_at", "working_days", "next_stage")
    return {name: getattr(visit, name) for name in names}


def _case(walk: Walk) -> dict[str, Any]:
    entered = [n for n, (_at, step, origin) in enumerate(walk.steps) if not step or step.to != origin]
    at, last, state = walk.steps[entered[-1]][0], walk.steps[-1][0], walk.state
    chance = random.Random(walk.id)  # noqa: S311 - a story, not a secret
    return {
        "id": walk.id,
        "number": walk.number,
        "process": FLOW.version,
        "state": state.name,
        "outcome": state.outcome,
        "visit": entered[-1] + 1,
        "entered_at": at,
        "version": len(walk.steps),
        "seq": len(walk.steps),
        "title": f"INOVASI {walk.id}: {chance.choice(WAYS)} {chance.choice(TOPICS).title()}",
        "category": chance.choice(("digital", "non_digital")),
        "agency_id": walk.agency,
        "forms": {"innovation_proposal": {**_form(walk.id % 20), "main_affair": walk.affair}},
        "due_at": _due(state, at) if state.due and not state.outcome else None,
        "created_at": walk.steps[0][0],
        "updated_at": last,
    }


@cache
def _form(number: int) -> dict[str, Any]:
    return sample("innovation_proposal", number)


@cache
def _body(number: int) -> tuple[str, str]:
    """The text of a form, and its stems."""
    text = str(_index_of(SimpleNamespace(**_BARE, forms={"innovation_proposal": _form(number)}))["text"])
    return text, " ".join(stems(text))


_BARE: dict[str, Any] = {
    "title": "",
    "number": "",
    "cohort": None,
    "participants": [],
    "agency": SimpleNamespace(name="", short_name="", aliases=[]),
}


def _index_of(case: Any) -> dict[str, Any]:  # noqa: ANN401 - a case, or what has its names
    return dict(fields(case))


def _index(walk: Walk, case: dict[str, Any], agency: Agency) -> dict[str, Any]:
    bare = SimpleNamespace(**{**_BARE, **case, "forms": {}, "agency": agency})
    text, body = _body(walk.id % 20)
    return {**_index_of(bare), "affair": walk.affair, "text": text, "body": body}


def _deadlines(walk: Walk) -> list[dict[str, Any]]:
    """The end of every period: cancelled where the case left in time, fired where it was over first."""
    found, since, seq = [], walk.steps[0][0], 1
    state = FLOW.states[FLOW.first_state("innovation")]
    moves = [(n, at, step) for n, (at, step, _origin) in enumerate(walk.steps, start=1) if step]
    for n, at, step in [*moves, (0, NOW, None)]:
        target = FLOW.states[step.to] if step else None
        if target is state:
            continue
        if state.due:
            end = _due(state, since)
            left = at if target else None
            found.append(
                {
                    "case_id": walk.id,
                    "state": state.name,
                    "visit": seq,
                    "kind": "end",
                    "at": end,
                    "starts_at": since,
                    "ends_at": end,
                    "fired_at": end if end < at else None,
                    "cancelled_at": left if end >= at else None,
                }
            )
        if target:
            state, since, seq = target, at, n
    return found


def _due(state: State, since: datetime) -> datetime:
    days = state.due.working_days if state.due else 0
    return _end(wib_date(since).toordinal(), days or 60)


@cache
def _end(day: int, days: int) -> datetime:
    return end_of(add_working_days(datetime.fromordinal(day).date(), days))


def _claims(walk: Walk, keeper: int) -> list[dict[str, Any]]:
    chance = random.Random(-walk.id)  # noqa: S311 - a story, not a secret
    accepted = walk.state.name.partition(".")[2] in {"ready", "frozen", "released", "sent", "assessed"}
    return [
        {
            "case_id": walk.id,
            "indicator": indicator.number,
            "level": chance.randrange(1, 4),
            "basis": indicator.bases[0].key or None,
            "link": "https://contoh.sragenkab.invalid/bukti",
            "state": "accepted" if accepted else "waiting",
            "claimed_by": walk.owner,
            "claimed_at": walk.steps[-1][0],
            "verified_by": keeper if accepted else None,
        }
        for indicator in catalogue_for(2024).sid
    ]


# --- the chain -------------------------------------------------------------------------------------------


def _data(step: Transition | None, origin: str) -> dict[str, Any]:
    if step is None:
        return {"to": FLOW.first_state("innovation")}
    return {"transition": step.name, "from": origin, "to": step.to}


def _write_events(database: Database, walks: list[Walk], keeper: int) -> int:
    order = sorted(
        (at, walk.id, seq) for walk in walks for seq, (at, *_rest) in enumerate(walk.steps, start=1)
    )
    with database.write() as session:
        head = session.get_one(Chain, 1)
        position, previous = head.position, head.hash
    batch: list[dict[str, Any]] = []
    for at, case_id, seq in order:
        position += 1
        row = _event(walks[case_id - 1], seq, at, position, previous, keeper)
        previous = row["hash"]
        batch.append(row)
        if len(batch) == BATCH * 5:
            _append(database, batch, position, previous)
            batch = []
    _append(database, batch, position, previous)
    counts: dict[str, int] = {}
    for walk in walks:
        counts[walk.number[:8]] = counts.get(walk.number[:8], 0) + 1
    with database.write() as session:
        session.execute(insert(_table(Counter)), [{"prefix": k, "last": n} for k, n in counts.items()])
    return len(order)


def _event(walk: Walk, seq: int, at: datetime, position: int, previous: str, keeper: int) -> dict[str, Any]:
    _at, step, origin = walk.steps[seq - 1]
    role = min(step.by) if step else "proposer"
    actor = None if step and step.by_system else walk.owner if role == "proposer" else keeper
    row = {
        "id": position,
        "case_id": walk.id,
        "seq": seq,
        "name": step.event if step else "case.created",
        "actor_id": actor,
        "role": role,
        "at": at,
        "data": _data(step, origin),
        "content": None,
        "content_hash": None,
        "previous_hash": previous,
    }
    return {**row, "hash": sha256(form(SimpleNamespace(**row), canonical(row["data"])))}


def _append(database: Database, rows: list[dict[str, Any]], position: int, last: str) -> None:
    with database.write() as session:
        if rows:
            session.execute(insert(_table(Event)), rows)
            session.execute(update(Chain).values(position=position, hash=last))
