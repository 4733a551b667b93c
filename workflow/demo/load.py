"""Loading the demo: people, the innovations of `innovations/`, and their story up to 1 December 2022."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from importlib.resources import files
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workflow import commands
from workflow.calendar import end_of
from workflow.clock import WIB
from workflow.db import Database
from workflow.demo.clock import set_clock
from workflow.demo.people import DOMAIN, HEADS, REVIEWERS, STAFF, Persona
from workflow.demo.plot import scenes
from workflow.demo.seminars import moments
from workflow.demo.story import Story
from workflow.evidence_store import EvidenceStore
from workflow.guards import reviews_of
from workflow.ledger import Actor
from workflow.models import Agency, Case, Cohort, Email, Fact
from workflow.people import create_user

TODAY = datetime(2022, 12, 1, 9, 0, tzinfo=WIB)
READ_UNTIL = TODAY - timedelta(days=3)
"""Older mails count as read: an inbox of years would show nobody what is new."""

BEGINNING = datetime(2021, 1, 4, 8, 0, tzinfo=WIB)
COHORT = "pkp-iv-2022"
PERSONAS = "demo_personas"

Drain = Callable[[datetime], None]
"""Does all work that is due at a moment of the story, as the workers would."""

# Who stands for a role in the one-click strip: the person of the first case in that state.
FACES = {
    "pengusul": ("Pengusul", "pkp_proposal.revision", "proposer"),
    "mentor": ("Mentor", "pkp_proposal.mentor_review", "mentor"),
    "kepala": ("Kepala OPD", "opd_pilot.awaiting_decree", "head"),
}


def is_empty(database: Database) -> bool:
    with database.read() as session:
        return session.scalar(select(Case.id).limit(1)) is None


def innovations() -> list[dict[str, Any]]:
    """The files, in the order of their numbers."""
    folder = files("workflow.demo") / "innovations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".json"))
    found = [json.loads((folder / name).read_text("utf-8")) for name in names]
    homes: dict[str, str] = {}
    for innovation in found:
        for person in filter(None, (innovation["proposer"], innovation.get("mentor"))):
            home = homes.setdefault(person["email"], innovation["agency"])
            if home != innovation["agency"]:  # a namesake elsewhere
                person["email"] += f".{innovation['agency']}"
    return found


def adoptions() -> list[dict[str, Any]]:
    """Who took over what from whom; `of` is the title of an innovation or the key of an earlier adoption."""
    found = json.loads((files("workflow.demo") / "adoptions.json").read_text("utf-8"))
    return [{"track": "adoption", **adoption} for adoption in found]


def scene_count() -> int:
    """How many steps the story takes, for a progress bar."""
    told = sum(len(scenes(innovation, 0, TODAY)) for innovation in innovations())
    told += sum(len(adoption["scenes"]) for adoption in adoptions())
    return told + len(list(moments(COHORT)))


def load_demo(
    database: Database,
    store: EvidenceStore,
    drain: Drain,
    progress: Callable[[int], None] = lambda _n: None,
) -> int:
    """Fill an empty database with the demo and set its clock; how many innovations there are."""
    found, taken = innovations(), adoptions()
    with database.write() as session:
        session.add(Cohort(code=COHORT, name="PKP Angkatan IV 2022", year=2022))
        _people(session, [*found, *taken])
        _offices(session)
    story = Story(database, store, drain, TODAY)
    for innovation in found:
        story.plan(innovation, COHORT)
    for adoption in taken:
        story.plan_adoption(adoption)
    for at, act in moments(COHORT):
        story.plan_moment(at, act)
    story.play(progress)
    _declare_conflict(database)
    drain(TODAY)
    with database.write() as session:
        session.add(Fact(name=PERSONAS, value=_personas(found)))
        set_clock(session, TODAY)
        session.execute(update(Email).where(Email.created_at < READ_UNTIL).values(read_at=Email.created_at))
        # they leave once the system runs, and are not late because the story is old
        session.execute(update(Email).where(Email.done_at.is_(None)).values(created_at=TODAY, due_at=TODAY))
    return len(found)


def _offices(session: Session) -> None:
    """An invented contact for every department; the offices below it show what a missing one looks like."""
    for agency in session.scalars(select(Agency).where(Agency.parent_id.is_(None)).order_by(Agency.id)):
        address = f"Jalan Peragaan Nomor {agency.id}, Sragen (alamat rekaan)"
        agency.contact = {"address": address, "phone": "(0271) 000000", "email": f"{agency.code}@{DOMAIN}"}


def _declare_conflict(database: Database) -> None:
    """One reviewer of a design seminar finds out that a relative is behind the proposal."""
    with database.write() as session:
        waiting = select(Case).where(Case.state == "pkp_proposal.design_seminar").order_by(Case.id)
        case = session.scalars(waiting.limit(1)).one()
        judged = {review.reviewer_id for review in reviews_of(session, case)}
        reviewer = next(u for u in reversed(case.holders("reviewer", case.state)) if u.id not in judged)
        reason = "Pengusul adalah sepupu saya; mohon ditunjuk penelaah lain."
        commands.declare_conflict(session, Actor(reviewer, TODAY), case.number, reason)


def _people(session: Session, found: list[dict[str, Any]]) -> None:
    """Staff, reviewers, and for every innovation its proposer, mentor and the head of its agency."""
    seen: set[str] = set()
    for persona in (*STAFF, *REVIEWERS):
        _add(session, persona, seen)
    for number, innovation in enumerate(found):
        for role in ("proposer", "mentor"):
            person = innovation.get(role)
            if person:
                home = innovation["agency"]
                _add(
                    session,
                    Persona(person["email"], person["name"], person["position"], home),
                    seen,
                )
        for code in _with_parents(session, innovation["agency"]):
            name = HEADS[(number * 2 + len(seen)) % len(HEADS)]
            _add(
                session,
                Persona(f"kepala.{code}", name, "Kepala Perangkat Daerah", code, heads_agency=True),
                seen,
            )


def _with_parents(session: Session, code: str) -> list[str]:
    agency = session.scalars(select(Agency).where(Agency.code == code)).one()
    return [step for step in agency.path.split("/") if step]


def _add(session: Session, persona: Persona, seen: set[str]) -> None:
    if persona.email in seen:
        return
    seen.add(persona.email)
    user = create_user(
        session,
        BEGINNING,
        email=f"{persona.email}@{DOMAIN}",
        name=persona.name,
        position=persona.position,
        agency=persona.agency,
        roles=persona.roles,
        heads_agency=persona.heads_agency,
        expires_at=end_of(date.fromisoformat(persona.access_until)) if persona.access_until else None,
    )
    if "reviewer" in persona.roles:
        user.expertise = {"affairs": list(persona.affairs), "categories": list(persona.categories)}
    if persona.former:
        user.former_posts = [{"agency": persona.former[0], "until": persona.former[1]}]


def _personas(found: list[dict[str, Any]]) -> list[dict[str, str]]:
    strip = [
        {"email": f"{p.email}@{DOMAIN}", "name": _short(p.name), "role": role}
        for p, role in ((STAFF[0], "Koordinator"), (STAFF[2], "Penyelenggara PKP"))
    ]
    for role, state, who in FACES.values():
        innovation = next((i for i in found if i["story"] in {state, state.partition(".")[2]}), None)
        if innovation is not None:
            email, name = _face(innovation, who)
            strip.append({"email": f"{email}@{DOMAIN}", "name": name, "role": role})
    strip += [
        {"email": f"{p.email}@{DOMAIN}", "name": _short(p.name), "role": role}
        for p, role in (
            (REVIEWERS[0], "Penelaah"),
            (STAFF[3], "Auditor"),
            (STAFF[4], "Operator"),
        )
    ]
    return strip


def _face(innovation: dict[str, Any], who: str) -> tuple[str, str]:
    if who == "head":
        return f"kepala.{innovation['agency']}", "Kepala"
    person = innovation[who]
    return person["email"], _short(person["name"])


def _short(name: str) -> str:
    """Without degrees."""
    return " ".join(w for w in name.split(",", maxsplit=1)[0].split() if not w.endswith("."))
