"""Held decisions: hold, read, note as read, withdraw, release."""

from flask import Blueprint, Response, jsonify
from sqlalchemy.orm import Session

from web.api import answers, bodies, replies
from web.api.auth import acting, caller
from web.api.parameters import LARGEST_ID
from web.api.problems import bounded
from web.context import desk
from workflow import commands, held, policy
from workflow.errors import Forbidden, Invalid, NotFound
from workflow.ledger import Actor
from workflow.models import HeldDecision

bp = Blueprint("api_decisions", __name__, url_prefix="/api/v1")
bp.register_error_handler(Invalid, bounded)
ONE = "/decisions/<int:decision_id>"


@bp.get("/decisions")
def index() -> Response:
    """What is held, and void but not put away."""
    if not policy.may_hold(caller()):
        raise Forbidden
    with desk().database.read() as session:
        acting(session)
        rows = held.listed(session, caller())
        changed = held.changes(session, rows)
        return jsonify(items=[answers.decision(row, len(changed.get(row.id, []))) for row in rows])


@bp.post("/proposals/<number>/decisions")
def create(number: str) -> Response:
    body, tags = bodies.document("decision_create"), bodies.seen_versions()

    def run(session: Session, who: Actor) -> replies.Answer:
        expected = bodies.expected(session, who, number, tags)
        row = commands.hold_decision(
            session,
            who,
            number,
            body["transition"],
            expected=expected,
            note=body.get("note"),
            form=body.get("form"),
        )
        return _answer(session, row, created=True)

    return replies.command(body, run, 201)


@bp.get(ONE)
def show(decision_id: int) -> Response:
    with desk().database.read() as session:
        acting(session)
        return replies.send(_answer(session, held.one(session, caller(), _bounded(decision_id))))


@bp.post(f"{ONE}/seen")
def seen(decision_id: int) -> Response:
    body = bodies.document("decision_seen")

    def run(session: Session, who: Actor) -> replies.Answer:
        return _answer(session, commands.look_again(session, who, _bounded(decision_id), body["seen"]))

    return replies.command(body, run, 200)


@bp.post(f"{ONE}/withdraw")
def withdraw(decision_id: int) -> Response:
    def run(session: Session, who: Actor) -> replies.Answer:
        return _answer(session, commands.withdraw_decision(session, who, _bounded(decision_id)))

    return replies.command(None, run, 200)


@bp.post(f"{ONE}/release")
def release(decision_id: int) -> Response:
    """The proposal, a step further."""

    def run(session: Session, who: Actor) -> replies.Answer:
        row_id = _bounded(decision_id)
        commands.release_decision(session, who, row_id)
        return replies.of_case(session, who, held.one(session, caller(), row_id).case)

    return replies.command(None, run, 200)


def _answer(session: Session, row: HeldDecision, *, created: bool = False) -> replies.Answer:
    since = held.changes(session, [row]).get(row.id, [])
    location = f"/api/v1/decisions/{row.id}" if created else None
    return replies.Answer(answers.decision(row, len(since)), None, location)


def _bounded(decision_id: int) -> int:
    """Larger numbers than a database holds name nothing."""
    if decision_id > LARGEST_ID:
        raise NotFound
    return decision_id
