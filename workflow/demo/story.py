"""The demo's story: what everybody did and when, through the same commands as in earnest."""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import commands, conflicts, deadlines
from workflow.db import Database
from workflow.definition import process
from workflow.demo import entry
from workflow.demo.people import DOMAIN, REVIEWERS
from workflow.demo.plot import Scene, adopted, scenes
from workflow.evidence_store import EvidenceStore
from workflow.ledger import Actor
from workflow.models import Case, User
from workflow.people import find_user
from workflow.validation import schema

GOOD, POOR = 78, 58
USUAL = 108
Act = Callable[[Session], None]
ALIKE: Mapping[str, Any] = {
    "iga_checklist": {"checked": ["profile", "evidence", "links", "personal_data", "package"]}
}
"""Forms that everybody fills in the same way."""


@dataclass
class Thread:
    """One innovation on its way through the story."""

    index: int
    innovation: Mapping[str, Any]
    cohort: str
    number: str = ""
    scenes: list[Scene] = field(default_factory=list)
    used: dict[str, int] = field(default_factory=dict)


class Story:
    """Plays all scenes in the order of their time; deadlines on the way fire at their own."""

    def __init__(
        self,
        database: Database,
        store: EvidenceStore,
        drain: Callable[[datetime], None],
        today: datetime,
    ) -> None:
        self._database, self._store, self._drain, self._today = database, store, drain, today
        self._queue: list[tuple[datetime, int, Act]] = []
        self._order = count()
        self._threads = 0
        self._adoptions: dict[str, Thread] = {}

    def plan(self, innovation: Mapping[str, Any], cohort: str) -> None:
        thread = Thread(self._threads, innovation, cohort)
        self._threads += 1
        self._push(thread, scenes(innovation, self._threads, self._today))

    def plan_adoption(self, adoption: Mapping[str, Any]) -> None:
        thread = Thread(self._threads, adoption, "")
        self._threads += 1
        self._adoptions[adoption["key"]] = thread
        self._push(thread, adopted(adoption))

    def plan_moment(self, at: datetime, act: Act) -> None:
        """Something that belongs to no single innovation."""
        heapq.heappush(self._queue, (at, next(self._order), act))

    def _push(self, thread: Thread, acts: list[Scene]) -> None:
        for scene in acts:
            self.plan_moment(scene.at, partial(self._act, thread=thread, scene=scene))

    def play(self, progress: Callable[[int], None]) -> None:
        while self._queue:
            at, _order, act = heapq.heappop(self._queue)
            self._let_time_pass(at)
            with self._database.write() as session:
                act(session)
            self._drain(at)
            progress(1)
        self._let_time_pass(self._today)

    def _let_time_pass(self, until: datetime) -> None:
        while True:
            with self._database.read() as session:
                due = deadlines.due(session, until, limit=1)
            if not due:
                return
            with self._database.write() as session:
                commands.fire_deadline(session, due[0].id, Actor(None, due[0].at))
            self._drain(due[0].at)

    def _act(self, session: Session, thread: Thread, scene: Scene) -> None:
        getattr(self, f"_{scene.verb}")(session, thread, scene)

    def _start(self, session: Session, thread: Thread, scene: Scene) -> None:
        told = thread.innovation
        document = {
            "title": told["title"],
            "category": told["category"],
            "agency": told["agency"],
        }
        if told["track"] == "pkp":
            document |= {
                "cohort": thread.cohort,
                "mentor": f"{told['mentor']['email']}@{DOMAIN}",
            }
        case = commands.start(session, self._who(session, thread, "proposer", scene.at), document)
        thread.number = case.number

    def _interest(self, session: Session, thread: Thread, scene: Scene) -> None:
        who = self._who(session, thread, "proposer", scene.at)
        form = thread.innovation["forms"]["adoption_interest"]
        thread.number = commands.express_interest(session, who, self._source(session, thread), form).number

    def _offer(self, session: Session, thread: Thread, scene: Scene) -> None:
        told = thread.innovation
        who = self._who(session, thread, "coordinator", scene.at)
        source, note = self._source(session, thread), told["notes"]["offer"]
        thread.number = commands.offer(session, who, source, told["agency"], note).number

    def _source(self, session: Session, thread: Thread) -> str:
        """The number of the case that an adoption is taken from."""
        of = thread.innovation["of"]
        if of in self._adoptions:
            return self._adoptions[of].number
        return session.scalars(select(Case.number).where(Case.title == of, Case.parent_id.is_(None))).one()

    def _draft(self, session: Session, thread: Thread, scene: Scene) -> None:
        draft = thread.innovation["draft"]
        who = self._who(session, thread, "proposer", scene.at)
        step = next(t.name for t in self._leaving(session, thread) if t.form == draft["form"])
        commands.save_draft(session, who, thread.number, draft["data"], None, step)

    def _step(self, session: Session, thread: Thread, scene: Scene) -> None:
        step = next(t for t in self._leaving(session, thread) if t.name in scene.names)
        who = self._who(session, thread, self._doer(session, step.by, thread), scene.at)
        note = None
        if step.note is not None:
            note = thread.innovation.get("notes", {}).get(step.name)
            note = note or (
                "Dilanjutkan sesuai hasil pembahasan bersama perangkat daerah."
                if step.note == "required"
                else None
            )
        form = self._form(thread, step.form, collect=step.collect) if step.form else None
        commands.advance(session, who, thread.number, step.name, note=note, form=form)

    def _prove(self, session: Session, thread: Thread, scene: Scene) -> None:
        case = self._case(session, thread)
        result = thread.innovation["forms"].get("iga_result", {})
        target = int(result.get("maturity", USUAL - thread.index % 4 * 6))
        who = self._who(session, thread, "proposer", scene.at)
        entry.prove(session, self._store, who, case, target, thread.index, some=scene.poor)

    def _judge(self, session: Session, thread: Thread, scene: Scene) -> None:
        who = self._who(session, thread, "coordinator", scene.at)
        entry.judge(session, who, self._case(session, thread), strict=scene.poor, leave=scene.turn)

    def _release(self, session: Session, thread: Thread, scene: Scene) -> None:
        commands.advance(session, self._who(session, thread, "releaser", scene.at), thread.number, "release")

    def _assign(self, session: Session, thread: Thread, scene: Scene) -> None:
        case = self._case(session, thread)
        rule = process(case.process).states[case.state].review
        who = self._who(session, thread, rule.assign[0] if rule else "coordinator", scene.at)
        fitting = [
            r for r in self._reviewers(session, thread) if not conflicts.standing(session, case, r, scene.at)
        ]
        for reviewer in fitting[:3]:
            commands.assign_reviewer(session, who, thread.number, reviewer.email)

    def _review(self, session: Session, thread: Thread, scene: Scene) -> None:
        case = self._case(session, thread)
        rule = process(case.process).states[case.state].review
        if rule is None:
            return
        reviewer = case.holders("reviewer", case.state)[scene.turn]
        base = POOR if scene.poor else GOOD
        names = schema(rule.rubric)["properties"]["scores"]["properties"]
        scores = {
            n: min(base + (thread.index * 3 + scene.turn * 5 + i * 4) % 15, 100) for i, n in enumerate(names)
        }
        comments = thread.innovation["review_comments"]
        document = {
            "recommendation": "revise" if scene.poor else "proceed",
            "scores": scores,
            "comment": comments[scene.turn % len(comments)],
        }
        commands.give_review(session, Actor(reviewer, scene.at), thread.number, document)

    def _say(self, session: Session, thread: Thread, scene: Scene) -> None:
        said = thread.innovation["discussion"][scene.turn]
        who = self._who(session, thread, said["by"], scene.at)
        document = {"audience": said["audience"], "text": said["text"]}
        commands.discuss(session, who, thread.number, document)

    def _leaving(self, session: Session, thread: Thread) -> Any:  # noqa: ANN401
        case = self._case(session, thread)
        return process(case.process).leaving(case.state)

    def _case(self, session: Session, thread: Thread) -> Case:
        return session.scalars(select(Case).where(Case.number == thread.number)).one()

    def _doer(self, session: Session, by: frozenset[str], thread: Thread) -> str:
        """The agency's own people first, then the office; the organiser only for a cohort."""
        order = ["proposer", "mentor", "agency_head", "organiser", "coordinator", "origin_head"]
        if thread.innovation["track"] != "pkp":
            order.remove("organiser")
        if self._case(session, thread).holder("proposer") is None:
            order.remove("proposer")
        return next(role for role in order if role in by)

    def _who(self, session: Session, thread: Thread, role: str, at: datetime) -> Actor:
        told = thread.innovation
        origin = self._case(session, thread).parent if role == "origin_head" else None
        emails = {
            "proposer": told["proposer"]["email"],
            "mentor": (told.get("mentor") or {}).get("email", ""),
            "agency_head": f"kepala.{told['agency']}",
            "origin_head": f"kepala.{origin.agency.code}" if origin else "",
            "organiser": "penyelenggara",
            "coordinator": "koordinator",
            "releaser": "koordinator2",
        }
        return Actor(find_user(session, f"{emails[role]}@{DOMAIN}"), at)

    def _reviewers(self, session: Session, thread: Thread) -> list[User]:
        turn = thread.index % len(REVIEWERS)
        emails = [f"{p.email}@{DOMAIN}" for p in (*REVIEWERS[turn:], *REVIEWERS[:turn])]
        return [user for email in emails if (user := find_user(session, email)) is not None]

    def _form(self, thread: Thread, name: str, *, collect: bool) -> Mapping[str, Any]:
        held = ALIKE.get(name) or thread.innovation["forms"][name]
        if not collect:
            return held  # type: ignore[no-any-return]
        position = thread.used.get(name, 0)
        thread.used[name] = position + 1
        return held[position]  # type: ignore[no-any-return]
