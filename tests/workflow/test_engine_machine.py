"""Random people give the engine random commands, workers die at it, and time moves as it likes.

Every example starts from a case in some state of the shipped process, and after each step the record
must be whole. `--hypothesis-profile deep` looks longer, and anew each time.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as budget
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from tests.conftest import CAST, MONDAY, MovableClock, furnish
from tests.workflow import engine
from tests.workflow.engine import PKP, Place, Rows, address, held
from workers import deadlines as deadline_scan
from workers import jobs
from workflow import audit, commands, delivery, fold, once, policy, visits
from workflow.calendar import wib_date
from workflow.commands.drafts import draft_form
from workflow.db import Database
from workflow.definition import process, versions
from workflow.errors import DomainError, Invalid
from workflow.guards import Attempt, unmet
from workflow.ledger import Actor
from workflow.models import Base, Case, Deadline, Email, Event, Job, StageVisit, User
from workflow.samples import sample
from workflow.settings import Settings

FLOW = process(versions()[-1])
OUTSIDERS = ("lama", "luar", "pensiun")
STEPS = sorted({step.name for step in FLOW.transitions})
FOREIGN = ("INV-2022-9999", "", "INV-2022-0001\x00", "\ud800", "1' OR '1'='1")

people = st.sampled_from([*CAST, *OUTSIDERS])
choices = st.integers(0, 10_000)
notes = st.sampled_from([None, "", "ok", "Sesuai kesepakatan.", "x" * 4001, "a\x00b", "\ud800"])
nasty = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
documents = st.dictionaries(st.text(), nasty, max_size=3)
versions_named = st.sampled_from(["fresh", "stale", "none", "nonsense"])
covers = st.fixed_dictionaries(
    {
        "title": st.sampled_from([PKP["title"], "pendek", "Loncatan  \n  Layanan Warga", "😀" * 20]),
        "category": st.sampled_from(["digital", "non_digital"]),
        "agency": st.sampled_from(["puskesmas-tanon-1", "dinkes", "dlh", "tidak-ada"]),
    },
    optional={
        "cohort": st.sampled_from(["pkp-iv-2022", "pkp-lain"]),
        "mentor": people.map(address),
        "form": st.just({}) | documents,
    },
)


class Killed(BaseException):
    """A process that dies: nothing catches it."""


@contextmanager
def killed_at(commit: int, *, after: bool) -> Iterator[None]:
    """Die at the n-th commit from here, just before or just after it took effect."""
    left = commit

    def die(_session: Session) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Killed

    moment = "after_commit" if after else "before_commit"
    event.listen(Session, moment, die)
    try:
        yield
    except Killed:
        pass
    finally:
        event.remove(Session, moment, die)


class Hands(RuleBasedStateMachine):
    """The rules are what can happen to the engine; the invariants what must hold whatever happens."""

    def __init__(self, place: Place, starts: Mapping[str, Rows]) -> None:
        super().__init__()
        self.place, self.starts = place, starts
        self.place.clock.now = MONDAY
        self.answers: dict[tuple[str, str], tuple[str, str]] = {}
        self.rows: Rows = {}
        self.well: Rows | None = None

    @initialize(choice=choices)
    def begin(self, choice: int) -> None:
        state = sorted(self.starts)[choice % len(self.starts)]
        engine.put_back(self.place.database, self.starts[state])
        self.rows = engine.rows_of(self.place.database)

    @rule(who=people)
    def a_list_shows_what_may_be_seen(self, who: str) -> None:
        with self.place.database.read() as session:
            user = self.place.actor(session, who).user
            assert user is not None
            listed = set(session.scalars(select(Case.id).where(policy.visible(user))))
            assert listed == {c.id for c in session.scalars(select(Case)) if policy.may_see(user, c)}
            assert listed >= {c.id for c in session.scalars(select(Case)) if held(user, c)}

    # --- what people do ----------------------------------------------------------------------------

    @rule(who=people, cover=covers)
    def start(self, who: str, cover: dict[str, Any]) -> None:
        self.command(who, lambda s, a: commands.start(s, a, cover))

    @rule(who=people, cover=covers, key=st.sampled_from(["k1", "k2"]))
    def start_once(self, who: str, cover: dict[str, Any], key: str) -> None:
        """The same key is one case and one answer, however often it comes."""

        def started(session: Session, actor: Actor) -> str:
            assert actor.user is not None
            given = once.claim(session, actor.user, key, asked, actor.at)
            if given is not None:
                return given.location or ""
            number = commands.start(session, actor, cover).number
            once.answer(session, actor.user, key, 201, number)
            return number

        asked, before = once.fingerprint("start", str(cover)), self.rows
        known, location = self.answers.get((who, key), ("", ""))
        told = self.command(who, started)
        if known == asked:
            assert (told, self.rows) == (location, before)
        elif known:
            assert isinstance(told, Invalid)
        elif isinstance(told, str):
            self.answers[who, key] = (asked, told)

    @rule(who=people, choice=choices)
    def go_on(self, who: str, choice: int) -> None:
        """One of the steps that are open now, by somebody who may take it, filled in well: it succeeds."""
        with self.place.database.read() as session:
            case = self.pick(session, choice)
            everybody = list(session.scalars(select(User).order_by(User.id)).unique())
            moves = engine.open_steps(session, case, everybody)
            offered = {
                option.transition.name
                for option in commands.options(session, self.place.actor(session, who), case)
                if option.allowed
            }
        assert offered == {step.name for user, step in moves if user.email == address(who)}
        if moves:
            user, step = moves[choice % len(moves)]
            done = self.command(
                user.email.partition("@")[0],
                lambda s, a: commands.advance(s, a, case.number, step.name, **engine.filled(step)),
            )
            assert isinstance(done, Case)
            assert done.state == step.to

    @rule(
        who=people,
        choice=choices,
        step=st.sampled_from([*STEPS, "terbang"]),
        seen=versions_named,
        note=notes,
        form=st.none() | st.just("sample") | documents,
    )
    def advance(self, who: str, choice: int, step: str, seen: str, note: str | None, form: Any) -> None:  # noqa: ANN401
        who, step = self.rather(who, choice, step)
        number, allowed = self.target(choice), self.permitted(who, choice, step)
        found = FLOW.transition(self.case(choice).stage, step)
        expected = self.version(choice, seen)
        if form == "sample":
            form = sample(found.form, today=wib_date(self.place.clock())) if found and found.form else {}
        done = self.command(
            who,
            lambda s, a: commands.advance(s, a, number, step, expected=expected, note=note, form=form),
        )
        assert allowed or isinstance(done, DomainError)
        assert seen in {"fresh", "none"} or isinstance(done, DomainError)

    @rule(
        who=people,
        choice=choices,
        seen=versions_named,
        document=documents | st.just("sample"),
        step=st.none() | st.sampled_from(STEPS),
    )
    def save_draft(self, who: str, choice: int, seen: str, document: Any, step: str | None) -> None:  # noqa: ANN401
        who = self.proposer(choice) if choice % 3 else who
        number = self.target(choice)
        if document == "sample":
            document = self.filled_in(who, choice)
        done = self.command(
            who,
            lambda s, a: commands.save_draft(s, a, number, document, self.version(choice, seen), step),
            events=0,
        )
        writers = self.writers(choice)
        assert isinstance(done, DomainError) or address(who) in writers

    @rule(who=people, choice=choices, cover=covers, seen=versions_named)
    def amend(self, who: str, choice: int, cover: dict[str, Any], seen: str) -> None:
        who = self.proposer(choice) if choice % 3 else who
        number, roles = self.target(choice), self.roles(who, choice)
        cover = {key: value for key, value in cover.items() if key != "form"}
        done = self.command(who, lambda s, a: commands.amend(s, a, number, cover, self.version(choice, seen)))
        assert isinstance(done, DomainError) or "proposer" in roles

    @rule(who=people, choice=choices, other=people)
    def assign(self, who: str, choice: int, other: str) -> None:
        who = "endah" if choice % 2 else who
        number, roles = self.target(choice), self.roles(who, choice)
        done = self.command(who, lambda s, a: commands.assign_reviewer(s, a, number, address(other)))
        assert isinstance(done, DomainError) or roles & {"organiser", "coordinator"}

    @rule(who=people, choice=choices, other=people)
    def release(self, who: str, choice: int, other: str) -> None:
        number, roles = self.target(choice), self.roles(who, choice)
        done = self.command(who, lambda s, a: commands.release_reviewer(s, a, number, address(other)))
        assert isinstance(done, DomainError) or roles & {"organiser", "coordinator"}

    @rule(
        who=st.sampled_from(engine.JURY), choice=choices, score=st.sampled_from([0, 69, 70, 71, 100, 101, -1])
    )
    def review(self, who: str, choice: int, score: int) -> None:
        number, roles = self.target(choice), self.roles(who, choice)
        state = FLOW.states[self.case(choice).state]
        rubric = state.review.rubric if state.review else "design_seminar_review"
        done = self.command(
            who, lambda s, a: commands.give_review(s, a, number, engine.review(rubric, score))
        )
        assert isinstance(done, DomainError) or ("reviewer" in roles and 0 <= score <= 100)

    @rule(who=people, choice=choices, document=documents)
    def review_draft(self, who: str, choice: int, document: dict[str, Any]) -> None:
        number, roles = self.target(choice), self.roles(who, choice)
        asked = {p.user.email for p in self.case(choice).participants if p.role == "reviewer"}
        done = self.command(who, lambda s, a: commands.save_review_draft(s, a, number, document), events=0)
        assert isinstance(done, DomainError) or "reviewer" in roles or address(who) in asked

    @rule(
        who=people,
        choice=choices,
        field=st.sampled_from([None, "", "decree", "\x00"]),
        sha=st.sampled_from("ab"),
    )
    def evidence(self, who: str, choice: int, field: str | None, sha: str) -> None:
        number, roles = self.target(choice), self.roles(who, choice)
        new = commands.NewEvidence("sk.pdf", "application/pdf", 9, sha * 64, field)
        done = self.command(who, lambda s, a: commands.add_evidence(s, a, number, new))
        assert isinstance(done, DomainError) or roles & {
            "proposer",
            "agency_head",
            "coordinator",
            "organiser",
        }

    @rule(who=people, choice=choices, other=people | st.just("\x00"), note=notes)
    def hand_over(self, who: str, choice: int, other: str, note: str | None) -> None:
        number, roles = self.target(choice), self.roles(who, choice)
        done = self.command(who, lambda s, a: commands.hand_over(s, a, number, address(other), note or ""))
        assert isinstance(done, DomainError) or roles & {
            "proposer",
            "agency_head",
            "organiser",
            "coordinator",
        }

    @rule(choice=choices, act=st.sampled_from(["retry", "drop"]), kind=st.sampled_from(["job", "email"]))
    def decide_on_work(self, choice: int, act: str, kind: str) -> None:
        table = Job if kind == "job" else Email
        with self.place.database.write() as session:
            ids = list(session.scalars(select(table.id).order_by(table.id)))
            if ids:
                getattr(delivery, act)(session, kind, ids[choice % len(ids)], self.place.clock())
        self.look()

    # --- what workers and time do --------------------------------------------------------------------

    @rule(choice=choices, copies=st.integers(1, 2))
    def work(self, choice: int, copies: int) -> None:
        """A job is brought to a worker, perhaps twice, perhaps though it was done long ago."""
        with self.place.database.read() as session:
            ids = list(session.scalars(select(Job.id).order_by(Job.id)))
        due = self.place.due_jobs() or ids
        if ids:
            job = (due if choice % 2 else ids)[choice // 2 % len(due if choice % 2 else ids)]
            done = [jobs.run_job(self.place.office, job) for _ in range(copies)]
            assert sum(done) == (job in due and done[0])
        self.look()

    @rule(choice=choices, commit=st.integers(1, 2), after=st.booleans())
    def work_and_die(self, choice: int, commit: int, after: bool) -> None:  # noqa: FBT001
        due = self.place.due_jobs()
        if due:
            with killed_at(commit, after=after):
                jobs.run_job(self.place.office, due[choice % len(due)])
        self.look()

    @rule(by=st.sampled_from([{"minutes": 2}, {"hours": 20}, {"days": 3}, {"days": 15}, {"hours": -1}]))
    def time_passes(self, by: dict[str, float]) -> None:
        self.place.clock.tick(**by)

    @rule()
    def to_the_next_deadline(self) -> None:
        with self.place.database.read() as session:
            moment = session.scalar(
                select(Deadline.at)
                .where(Deadline.fired_at.is_(None), Deadline.cancelled_at.is_(None))
                .order_by(Deadline.at)
                .limit(1)
            )
        if moment:
            self.place.clock.now = max(moment, self.place.clock.now)

    @rule(times=st.integers(1, 2))
    def scan(self, times: int) -> None:
        for _ in range(times):
            deadline_scan.scan(self.place.office)
        self.look()

    @rule()
    def settle(self) -> None:
        """After all leases have ended and all work is done, nothing is left that should have happened."""
        self.place.clock.tick(minutes=2)
        deadline_scan.scan(self.place.office)
        self.place.drain()
        self.look()
        with self.place.database.read() as session:
            assert session.scalars(select(Job.error).where(Job.error.is_not(None))).all() == []
            dropped = session.scalars(select(Job.id).where(Job.dropped_at.is_not(None))).first()
            stuck = [
                step.name
                for case in session.scalars(select(Case))
                for step in FLOW.automatic(case.state)
                if not unmet(Attempt(session, FLOW, case, step, self.place.clock()))
            ]
        assert dropped or stuck == []

    # --- what must hold --------------------------------------------------------------------------------

    @invariant()
    def all_is_well(self) -> None:
        """Looked at whenever a row has changed."""
        if self.rows is not self.well:
            with self.place.database.read() as session:
                assert audit.verify(session).fault is None
                assert list(audit.differences(session)) == []
                for case in session.scalars(select(Case)):
                    _stands_well(case, self.table("deadlines"))
                    _stays_as_told(session, case)
            self.work_is_owed_once_and_ends_once()
            self.well = self.rows

    def work_is_owed_once_and_ends_once(self) -> None:
        work = {name: self.table(name) for name in ("jobs", "emails")}
        owed = {(job["event_id"], job["handler"]) for job in work["jobs"]}
        mails = {(mail["event_id"], mail["recipient_id"], mail["kind"]) for mail in work["emails"]}
        assert (len(owed), len(mails)) == (len(work["jobs"]), len(work["emails"]))
        for row in [*work["jobs"], *work["emails"]]:
            assert [row["done_at"], row["parked_at"], row["dropped_at"]].count(None) >= 2
        for fact in self.table("events"):
            step = FLOW.transition(fact["name"].partition(".")[0], fact["data"].get("transition", ""))
            if step:
                assert ((fact["id"], "notify") in owed) == bool(step.notify)
                assert ((fact["id"], "autopilot") in owed) == bool(FLOW.automatic(step.to))

    def table(self, name: str) -> list[dict[str, Any]]:
        columns = Base.metadata.tables[name].columns.keys()
        return [dict(zip(columns, row, strict=True)) for row in self.rows[name]]

    # --- how the rules go about it -----------------------------------------------------------------------

    def command(self, who: str, wish: Callable[[Session, Actor], Any], events: int = 1) -> Any:  # noqa: ANN401
        """What came of a command: its result, or its refusal, which must have left no trace."""
        before = self.rows
        try:
            with self.place.database.write() as session:
                result = wish(session, self.place.actor(session, who))
        except DomainError as refusal:
            assert engine.rows_of(self.place.database) == before
            return refusal
        self.look()
        assert len(self.rows["events"]) - len(before["events"]) in {0, events}
        return result

    def look(self) -> None:
        """Take the rows as they are now: of what was recorded nothing may have gone or changed."""
        before, self.rows = self.rows, engine.rows_of(self.place.database)
        if self.rows == before:
            self.rows = before
        for name in ("events", "reviews", "evidence"):
            assert self.rows[name][: len(before[name])] == before[name]
        old = _versions(before)
        for case_id, version in _versions(self.rows).items():
            writes = [
                row
                for row in self.rows["events"][len(before["events"]) :]
                if row[1] == case_id and _counts(row)
            ]
            assert version == old.get(case_id, 1) + len(writes)

    def pick(self, session: Session, choice: int) -> Case:
        cases = list(session.scalars(select(Case).order_by(Case.id)))
        return cases[choice % len(cases)]

    def case(self, choice: int) -> Case:
        with self.place.database.read() as session:
            return self.pick(session, choice)

    def target(self, choice: int) -> str:
        """The number of a case, or now and then one that is not to be found."""
        return FOREIGN[choice % len(FOREIGN)] if choice % 11 == 0 else self.case(choice).number

    def proposer(self, choice: int) -> str:
        holder = self.case(choice).holder("proposer")
        return holder.email.partition("@")[0] if holder else "ani"

    def filled_in(self, who: str, choice: int) -> dict[str, Any]:
        """The form that this person's next step asks for; empty if there is none."""
        with self.place.database.read() as session:
            form = draft_form(self.pick(session, choice), self.place.actor(session, who))
        return sample(form) if form else {}

    def rather(self, who: str, choice: int, name: str) -> tuple[str, str]:
        """Mostly a step that leads on from here, often with somebody who holds a role for it."""
        case = self.case(choice)
        near = FLOW.leaving(case.state)
        if not near or not choice % 4:
            return who, name
        step = near[choice // 4 % len(near)]
        with self.place.database.read() as session:
            everybody = session.scalars(select(User).order_by(User.id)).unique()
            able = [user.email.partition("@")[0] for user in everybody if step.by & held(user, case)]
        return able[choice % len(able)] if able and choice % 3 else who, step.name

    def roles(self, who: str, choice: int) -> set[str]:
        with self.place.database.read() as session:
            user = self.place.actor(session, who).user
            assert user is not None
            return held(user, self.pick(session, choice))

    def permitted(self, who: str, choice: int, name: str) -> bool:
        case = self.case(choice)
        step = FLOW.transition(case.stage, name)
        return step is not None and case.state in step.origins and bool(step.by & self.roles(who, choice))

    def writers(self, choice: int) -> set[str]:
        case = self.case(choice)
        wanted = {role for step in FLOW.leaving(case.state) if step.form for role in step.by}
        with self.place.database.read() as session:
            return {
                u.email
                for u in session.scalars(select(User)).unique()
                if held(u, self.pick(session, choice)) & wanted
            }

    def version(self, choice: int, seen: str) -> str | None:
        case = self.case(choice)
        return {
            "fresh": commands.etag(case),
            "stale": f"{case.version - 1}.{case.draft_revision}",
            "nonsense": "\x00",
            "none": None,
        }[seen]


def _stays_as_told(session: Session, case: Case) -> None:
    """The stays in stages that were written step by step are those that the events amount to."""
    events = session.execute(select(Event.data, Event.at).where(Event.case_id == case.id).order_by(Event.seq))
    written = session.scalars(
        select(StageVisit).where(StageVisit.case_id == case.id).order_by(StageVisit.id)
    ).all()
    names = ("stage", "entered_at", "left_at", "working_days", "next_stage")
    told = visits.stays(process(case.process), case.id, [(row[0], row[1]) for row in events])
    assert [[getattr(v, n) for n in names] for v in written] == [[getattr(v, n) for n in names] for v in told]
    assert written[-1].stage == case.stage
    assert (written[-1].left_at is None) is (case.outcome is None)


def _stands_well(case: Case, deadlines: list[dict[str, Any]]) -> None:
    state = FLOW.states[case.state]
    waiting = [
        row["visit"]
        for row in deadlines
        if row["case_id"] == case.id and row["fired_at"] is None and row["cancelled_at"] is None
    ]
    assert case.outcome == state.outcome
    assert set(waiting) <= {case.visit}
    assert not waiting or case.outcome is None
    assert (case.due_at is None) == (state.due is None)
    assert len(case.holders("proposer")) == 1
    assert {
        policy.agency_conflict(reviewer, case.agency) for reviewer in case.holders("reviewer", case.state)
    } <= {None}
    assert "change_plan" not in case.forms or case.cohort
    assert "innovation_proposal" not in case.forms or not case.cohort


def _versions(rows: Rows) -> dict[int, int]:
    columns = list(Case.__table__.columns.keys())
    at = columns.index("version")
    return {row[0]: row[at] for row in rows["cases"]}


def _counts(row: tuple[Any, ...]) -> bool:
    """Whether an event is one that a reader's version counts."""
    return row[3] in fold.VERSIONED or "transition" in row[7]


@pytest.fixture(scope="module")
def starts(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Rows]:
    """The rows of a case in every state; they serve both databases."""
    folder = tmp_path_factory.mktemp("starts")
    database = Database(f"sqlite:///{folder / 'starts.db'}")
    furnish(database)
    found = engine.reach_every_state(Place(database, Settings(var=folder), MovableClock()))
    database.dispose()
    return found


def test_people_can_bring_a_case_to_every_state(starts: Mapping[str, Rows]) -> None:
    assert set(starts) == {state for stage in FLOW.pipeline("innovation") for state in stage.states}


def test_whatever_hands_do_the_record_is_whole(
    database: Database, settings: Settings, clock: MovableClock, starts: Mapping[str, Rows]
) -> None:
    place = Place(database, settings, clock)
    place.invite_outsiders()
    profile = budget()
    share = 3 if database.sqlite else 6
    quick = budget(
        max_examples=max(profile.max_examples // share, 1),
        phases=(Phase.generate,) if profile.derandomize else tuple(Phase),
        suppress_health_check=list(HealthCheck),
    )

    run_state_machine_as_test(lambda: Hands(place, starts), settings=quick)  # type: ignore[arg-type]
