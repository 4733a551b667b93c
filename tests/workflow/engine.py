"""The engine under many hands: a place with everything it needs, its rows put aside and back, a walk."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from tests.conftest import MONDAY, MovableClock
from workers import jobs
from workers.drain import Drain
from workers.office import Office
from workers.relay import due_work
from workflow import commands, delivery
from workflow.calendar import wib_date
from workflow.commands.advance import Option
from workflow.db import Database
from workflow.definition import Process, Transition, process, versions
from workflow.ledger import Actor
from workflow.models import Base, Case, Event, Job, User
from workflow.people import create_user, find_user
from workflow.samples import sample
from workflow.settings import Settings

Rows = dict[str, list[tuple[Any, ...]]]

STILL = {"agencies", "cohorts", "users", "grants"}
TABLES = [table for table in Base.metadata.sorted_tables if table.name not in STILL]
FRESH = 4
JURY = ("rudi", "sri", "tono")
PKP = {
    "title": "SIAGA POSYANDU: gizi balita terpantau",
    "category": "digital",
    "agency": "puskesmas-tanon-1",
    "cohort": "pkp-iv-2022",
    "mentor": "budi@contoh.invalid",
}
OUTSIDE = {key: PKP[key] for key in ("title", "category", "agency")}


def rows_of(database: Database) -> Rows:
    """Every row that a command could change, by table."""
    with database.engine.connect() as connection:
        return {
            table.name: [
                tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]
            for table in TABLES
        }


def put_back(database: Database, rows: Rows) -> None:
    """Make the rows what they were; on PostgreSQL ids go on behind the highest."""
    with database.engine.begin() as connection:
        for table in reversed(TABLES):
            connection.execute(delete(table))
        for table in TABLES:
            names = [column.key for column in table.columns]
            if rows[table.name]:
                connection.execute(
                    insert(table), [dict(zip(names, row, strict=True)) for row in rows[table.name]]
                )
            if not database.sqlite and table.autoincrement_column is not None:
                sequence = func.pg_get_serial_sequence(table.name, table.autoincrement_column.name)
                last = max((row[0] for row in rows[table.name]), default=0)
                connection.execute(select(func.setval(sequence, last + 1, False)))  # noqa: FBT003 - SQL


@dataclass
class Place:
    """A database with the cast, a clock that stands still, and workers that run when asked."""

    database: Database
    settings: Settings
    clock: MovableClock

    @property
    def office(self) -> Office:
        return Office(self.settings, self.database, self.clock)

    def actor(self, session: Session, who: str) -> Actor:
        user = find_user(session, address(who))
        assert user is not None
        return Actor(user, self.clock())

    def due_jobs(self) -> list[int]:
        with self.database.read() as session:
            return [row for kind, row in due_work(session, self.clock()) if kind == "job"]

    def drain(self) -> None:
        Drain(self.settings, self.database)(self.clock())

    def newest_autopilot(self) -> int | None:
        with self.database.read() as session:
            query = select(func.max(Job.id)).where(Job.handler == "autopilot", Job.id.in_(self.due_jobs()))
            return session.scalar(query)

    def invite_outsiders(self) -> None:
        """People who may no longer act, or have no agency: they are as likely to be named as others."""
        with self.database.write() as session:
            create_user(
                session,
                MONDAY - timedelta(days=90),
                email=address("lama"),
                name="Lama",
                expires_at=MONDAY - timedelta(days=1),
            )
            create_user(session, MONDAY, email=address("luar"), name="Luar")
            create_user(
                session, MONDAY, email=address("pensiun"), name="Pensiun", agency="dlh"
            ).active = False


def address(who: str) -> str:
    return f"{who}@contoh.invalid"


def held(user: User, case: Case) -> set[str]:
    """The roles of a person on a case, by a second opinion on `policy.roles_on`."""
    roles = user.global_roles & {"coordinator", "auditor"}
    roles |= user.global_roles & {"organiser"} if case.cohort else set()
    if user.heads_agency and user.agency and user.agency.code in case.agency.path.split("/"):
        roles |= {"agency_head"}
    for part in case.participants:
        if part.user_id == user.id and part.until is None and part.state in {None, case.state}:
            roles |= {part.role}
    return set(roles)


def open_steps(session: Session, case: Case, people: Iterable[User]) -> list[tuple[User, Transition]]:
    """Every step that is open now, with everybody who may take it."""
    nobody = Actor(None, case.entered_at)
    steps = [option.transition for option in commands.options(session, nobody, case) if _free(option)]
    return [(user, step) for step in steps for user in people if step.by & held(user, case)]


def _free(option: Option) -> bool:
    return all(reason.guard == "role" for reason in option.reasons)


# --- the walk --------------------------------------------------------------------------------------


def reach_every_state(place: Place, version: str = versions()[-1]) -> dict[str, Rows]:
    """Rows of a case in every state of the process, reached by people and workers through commands."""
    found: dict[str, Rows] = {}
    waiting = list(_beginnings(place))
    while waiting:
        rows = waiting.pop()
        put_back(place.database, rows)
        found.setdefault(_case(place).state, rows)
        for reached in _onward(place, rows, process(version), found):
            if reached not in found:
                found[reached] = rows_of(place.database)
                waiting.append(found[reached])
    return found


def _beginnings(place: Place) -> Iterator[Rows]:
    empty = rows_of(place.database)
    for cover in (OUTSIDE, PKP):
        put_back(place.database, empty)
        with place.database.write() as session:
            commands.start(session, place.actor(session, "ani"), cover)
        yield rows_of(place.database)


def _onward(place: Place, rows: Rows, flow: Process, known: Container[str]) -> Iterator[str]:
    """Where each way on from here leads, the rows standing there meanwhile; workers work job by job.

    Steps to where we have been already are left out.
    """
    state = _case(place).state
    if flow.states[state].review and any(step.to not in known for step in flow.automatic(state)):
        for scores in ((50, 50, 50), (90, 90, 90), (40, 90, 90)):
            put_back(place.database, rows)
            judge(place, scores)
            yield from _worked(place)
    for step in flow.leaving(state):
        new = step.to not in known or (step.to == state and flow.automatic(state))
        if new and not step.by_system:
            put_back(place.database, rows)
            if _take(place, step):
                yield step.to
                yield from _worked(place)


def _worked(place: Place) -> Iterator[str]:
    """The states that follow by themselves; the mails of steps long past are dropped for speed."""
    state = ""
    while (job := place.newest_autopilot()) and jobs.run_job(place.office, job):
        before, state = state, _case(place).state
        if state == before:
            break
        yield state
    with place.database.write() as session:
        for job_id in place.due_jobs()[:-FRESH]:
            delivery.drop(session, "job", job_id, place.clock())


def judge(place: Place, scores: tuple[int, int, int]) -> None:
    """Three reviewers are asked, and give these scores."""
    case = _case(place)
    rule = process(case.process).states[case.state].review
    assert rule is not None
    assigner = {"organiser": "retno", "coordinator": "endah"}
    by = next(assigner[role] for role in rule.assign if role == "coordinator" or case.cohort_id)
    for name in JURY:
        with place.database.write() as session:
            commands.assign_reviewer(session, place.actor(session, by), case.number, address(name))
    for name, score in zip(JURY, scores, strict=True):
        with place.database.write() as session:
            commands.give_review(session, place.actor(session, name), case.number, review(rule.rubric, score))


def review(rubric: str, score: int) -> dict[str, Any]:
    document = sample(rubric)
    return document | {"scores": dict.fromkeys(document["scores"], score)}


def _take(place: Place, step: Transition) -> bool:
    """Take a step, after the steps that its reasons name as their remedy; False if it stays closed."""
    for _ in range(8):
        with place.database.write() as session:
            case = _case(place, session)
            wanted = next(o for o in _options(session, case) if o.transition is step)
            unmet = [reason for reason in wanted.reasons if reason.guard != "role"]
            if not unmet:
                _act(place, session, case, step)
                break
            if unmet[0].fix == "indicators":
                _settle(place, session, case)
                continue
            remedy = process(case.process).transition(case.stage, unmet[0].fix or "")
            if remedy is None:
                return False
            _act(place, session, case, remedy)
    return True


def _settle(place: Place, session: Session, case: Case) -> None:
    """The video named where levels are named, and accepted where they are verified."""
    if process(case.process).states[case.state].levels == "named":
        claim = commands.NewClaim(level=3, link="https://contoh.sragenkab.invalid/video")
        commands.claim_level(session, place.actor(session, "ani"), case.number, "20", claim)
    else:
        commands.judge_claim(session, place.actor(session, "endah"), case.number, "20", accept=True)


def _options(session: Session, case: Case) -> list[Option]:
    return commands.options(session, Actor(None, case.entered_at), case)


def _act(place: Place, session: Session, case: Case, step: Transition) -> None:
    user = next(
        user
        for user in session.scalars(select(User).order_by(User.id)).unique()
        if step.by & held(user, case) and not _prepared_by(session, case, step, user)
    )
    commands.advance(session, Actor(user, place.clock()), case.number, step.name, **filled(step))


def _prepared_by(session: Session, case: Case, step: Transition, user: User) -> bool:
    """Whether this person took the step whose doer may not take this one."""
    names = [g.arguments["transition"] for g in step.guards if g.name == "another_person"]
    query = select(Event.data).where(Event.case_id == case.id, Event.actor_id == user.id)
    return any(data.get("transition") in names for data in session.scalars(query))


def filled(step: Transition) -> dict[str, Any]:
    """What a step asks for."""
    form = sample(step.form, today=wib_date(MONDAY)) if step.form else None
    return {"form": form, "note": "Sesuai kesepakatan." if step.note == "required" else None}


def _case(place: Place, session: Session | None = None) -> Case:
    if session is not None:
        return session.scalars(select(Case)).one()
    with place.database.read() as fresh:
        return fresh.scalars(select(Case)).one()
