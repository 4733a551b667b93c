"""Invented officers drive invented cases through the public commands, one step at a time."""

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from workflow import commands
from workflow.calendar import wib_date
from workflow.clock import system_clock
from workflow.commands.advance import Option
from workflow.db import Database
from workflow.definition import process
from workflow.evidence_store import EvidenceStore
from workflow.guards import reviews_of
from workflow.iid.catalogue import Indicator
from workflow.iid.entries import standing
from workflow.ledger import Actor
from workflow.models import Case, Cohort, Email, Event, Job, User
from workflow.people import create_user
from workflow.samples import sample, sample_pdf

POLL_SECONDS = 0.05
PATIENCE_SECONDS = 120
ENDS = frozenset(
    {
        "competition.assessed",
        "competition.nominated",
        "competition.awarded",
        "competition.not_eligible",
    }
)


@dataclass
class Tally:
    """What was done and what came of it."""

    cases: int
    transitions: int
    events: int
    emails_owed: int
    emails_received: int
    lost: int
    doubled: int
    unknown: int
    seconds: float
    events_per_second: float
    by_state: dict[str, int] = field(default_factory=dict)


class NoProgress(RuntimeError):
    """The workers did not finish what they owe in time."""


class Rehearsal:
    """Cases of one run, with people of its own so that nobody else's cases are touched."""

    def __init__(self, database: Database, store: EvidenceStore, cases: int, seed: int) -> None:
        self._database, self._store = database, store
        self._random = random.Random(seed)  # noqa: S311 - a story, not a secret
        self._run = secrets.token_hex(3)
        self._people: dict[str, int] = {}
        with database.write() as session:
            self._cast(session)
        self._open = [self._begin(number) for number in range(cases)]
        self._all = list(self._open)

    def play(self, finished: Callable[[int], None]) -> None:
        """Take steps until every case has reached an end; waits where it is the workers' turn."""
        moved_at = time.monotonic()
        while self._open:
            moved = [number for number in list(self._open) if self._move(number, finished)]
            if moved:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > PATIENCE_SECONDS:
                raise NoProgress(f"{len(self._open)} usulan tidak bergerak selama {PATIENCE_SECONDS} detik")
            else:
                time.sleep(POLL_SECONDS)

    def wait_until_quiet(self, seconds: float) -> None:
        """Until no job and no mail of this run is owed any more."""
        until = time.monotonic() + seconds
        while self._owed():
            if time.monotonic() > until:
                return
            time.sleep(POLL_SECONDS)

    def tally(self, received: list[str], seconds: float) -> Tally:
        with self._database.read() as session:
            mine = select(Event.id).join(Case, Case.id == Event.case_id).where(Case.number.in_(self._all))
            names = list(session.scalars(select(Event.name).where(Event.id.in_(mine))))
            owed = set(session.scalars(select(Email.message_id).where(_leaves(mine))))
            unknown = session.scalar(
                select(func.count()).where(Email.event_id.in_(mine), Email.unknown_at.is_not(None))
            )
            states = session.scalars(select(Case.state).where(Case.number.in_(self._all)))
            by_state: dict[str, int] = {}
            for state in states:
                by_state[state] = by_state.get(state, 0) + 1
        got = [message_id for message_id in received if message_id in owed]
        return Tally(
            cases=len(self._all),
            transitions=sum(
                1 for name in names if name.partition(".")[0] not in {"case", "people", "deadline"}
            ),
            events=len(names),
            emails_owed=len(owed),
            emails_received=len(got),
            lost=len(owed - set(got)) - (unknown or 0),
            doubled=len(got) - len(set(got)),
            unknown=unknown or 0,
            seconds=round(seconds, 2),
            events_per_second=round(len(names) / seconds, 1) if seconds else 0.0,
            by_state=by_state,
        )

    def _owed(self) -> bool:
        with self._database.read() as session:
            mine = select(Event.id).join(Case, Case.id == Event.case_id).where(Case.number.in_(self._all))
            jobs = select(func.count()).where(
                Job.event_id.in_(mine), Job.done_at.is_(None), Job.parked_at.is_(None)
            )
            mails = select(func.count()).where(
                Email.event_id.in_(mine),
                Email.done_at.is_(None),
                Email.parked_at.is_(None),
                Email.unknown_at.is_(None),
            )
            return bool(session.scalar(jobs)) or bool(session.scalar(mails))

    def _cast(self, session: Session) -> None:
        session.add(
            Cohort(
                code=f"replay-{self._run}",
                name=f"Angkatan {self._run}",
                year=datetime.now(UTC).year,
            )
        )
        for role, agency, roles, head in (
            ("proposer", "puskesmas-tanon-1", (), False),
            ("mentor", "puskesmas-tanon-1", (), False),
            ("agency_head", "puskesmas-tanon-1", (), True),
            ("organiser", "bkpsdm", ("organiser",), False),
            ("coordinator", "bappeda-litbang", ("coordinator",), False),
            ("releaser", "bappeda-litbang", ("coordinator",), False),
            ("reviewer0", "dlh", ("reviewer",), False),
            ("reviewer1", "dishub", ("reviewer",), False),
            ("reviewer2", "disnaker", ("reviewer",), False),
        ):
            user = create_user(
                session,
                system_clock(),
                email=f"{role}.{self._run}@replay.invalid",
                name=f"{role} {self._run}",
                agency=agency,
                roles=roles,
                heads_agency=head,
            )
            self._people[role] = user.id

    def _begin(self, number: int) -> str:
        document = {
            "title": f"REPLAY {self._run} nomor {number}",
            "category": "digital",
            "agency": "puskesmas-tanon-1",
        }
        if self._random.random() < 0.7:  # noqa: PLR2004 - most come from the training
            document |= {
                "cohort": f"replay-{self._run}",
                "mentor": f"mentor.{self._run}@replay.invalid",
            }
        with self._database.write() as session:
            return commands.start(session, self._actor(session, "proposer"), document).number

    def _move(self, number: str, finished: Callable[[int], None]) -> bool:
        """One step of one case; False where the workers have to move first."""
        with self._database.write() as session:
            case = session.scalars(select(Case).where(Case.number == number)).one()
            flow = process(case.process)
            if case.state in ENDS or (case.outcome and not flow.automatic(case.state)):
                self._open.remove(number)
                finished(1)
                return True
            if flow.states[case.state].review is not None:
                return self._review(session, case)
            return self._step(session, case)

    def _step(self, session: Session, case: Case) -> bool:
        chosen = self._choose(session, case)
        if chosen is None:
            return False
        role, option = chosen
        step = option.transition
        form = sample(step.form, self._random.randrange(20), wib_date(system_clock())) if step.form else None
        if step.form == "iga_profile" and form is not None:
            form["implementation_date"] = f"{system_clock().year - 1}-03-01"
        if self._prove(session, case):
            return True
        commands.advance(
            session,
            self._actor(session, role),
            case.number,
            step.name,
            note="Catatan putaran." if step.note == "required" else None,
            form=form,
        )
        return True

    def _prove(self, session: Session, case: Case) -> bool:
        """In an entry: prove one indicator that must be, or judge one; False where neither is to be done."""
        flow = process(case.process)
        levels = flow.states[case.state].levels
        if not flow.stages[case.stage].scored or levels is None:
            return False
        found = standing(session, case)
        if levels == "verified":
            waiting = found.having("waiting")
            if waiting:
                who, which = self._actor(session, "coordinator"), waiting[0].indicator.number
                commands.judge_claim(session, who, case.number, which, accept=True)
            return bool(waiting)
        open_rows = [r for r in found.having("empty", "unproven", "refused") if _must(r.indicator)]
        if open_rows:
            self._claim(session, case, open_rows[0].indicator)
        return bool(open_rows)

    def _claim(self, session: Session, case: Case, indicator: Indicator) -> None:
        who, link = self._actor(session, "proposer"), None
        if indicator.proof and indicator.proof.link:
            link = "https://contoh.sragenkab.invalid/video"
        else:
            content = sample_pdf([case.title, indicator.title])
            with self._store.stage(BytesIO(content)) as staged:
                proof = commands.NewEvidence(
                    file_name="bukti.pdf",
                    media_type=staged.media_type,
                    size=staged.size,
                    sha256=staged.sha256,
                    indicator=indicator.number,
                    letter_number="188.4/1",
                    letter_date=system_clock().date(),
                    letter_subject=indicator.title,
                )
                commands.add_evidence(session, who, case.number, proof)
                self._store.keep(staged)
        claim = commands.NewClaim(level=3, basis=indicator.bases[0].key, link=link)
        commands.claim_level(session, who, case.number, indicator.number, claim)

    def _choose(self, session: Session, case: Case) -> tuple[str, Option] | None:
        """Usually what leads on; now and then a revision, a stop or a withdrawal."""
        open_now = [
            (role, option)
            for role in ("proposer", "mentor", "agency_head", "organiser", "coordinator", "releaser")
            for option in commands.options(session, self._actor(session, role), case)
            if option.allowed
        ]
        flow = process(case.process)
        onward = [(r, o) for r, o in open_now if flow.states[o.transition.to].outcome in {None, "advanced"}]
        leaving = [(r, o) for r, o in onward if o.transition.to != case.state]
        preferred = leaving if leaving and self._random.random() < 0.8 else onward  # noqa: PLR2004
        if open_now and self._random.random() < 0.04:  # noqa: PLR2004
            preferred = open_now
        return self._random.choice(preferred) if preferred else None

    def _review(self, session: Session, case: Case) -> bool:
        assigned = case.holders("reviewer", case.state)
        rule = process(case.process).states[case.state].review
        if rule is None:
            return False
        if len(assigned) < rule.reviewers:
            email = f"reviewer{len(assigned)}.{self._run}@replay.invalid"
            commands.assign_reviewer(session, self._assigner(session, case), case.number, email)
            return True
        from_reviews = {review.reviewer_id for review in reviews_of(session, case)}
        waiting = [user for user in assigned if user.id not in from_reviews]
        if not waiting:
            return False
        document = sample(rule.rubric)
        score = 60 if self._random.random() < 0.15 else 85  # noqa: PLR2004
        document["scores"] = dict.fromkeys(document["scores"], score)
        commands.give_review(session, Actor(waiting[0], system_clock()), case.number, document)
        return True

    def _assigner(self, session: Session, case: Case) -> Actor:
        rule = process(case.process).states[case.state].review
        organised = rule is not None and "organiser" in rule.assign and case.cohort_id is not None
        return self._actor(session, "organiser" if organised else "coordinator")

    def _actor(self, session: Session, role: str) -> Actor:
        return Actor(session.get_one(User, self._people[role]), system_clock())


def _leaves(events: Select[int]) -> ColumnElement[bool]:
    """Mails about these events that are to arrive by themselves, and the digests that carry the others."""
    of_events = and_(Email.event_id.in_(events), Email.muted.is_(False))
    carrying = select(Email.digest_id).where(of_events, Email.digest_id.is_not(None))
    return or_(and_(of_events, Email.digest_id.is_(None)), Email.id.in_(carrying))


def _must(indicator: Indicator) -> bool:
    """Mandatory, or provable by a link alone: enough for an entry that counts."""
    return indicator.mandatory or bool(indicator.proof and indicator.proof.link)
