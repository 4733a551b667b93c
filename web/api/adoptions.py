"""Adoptions: the family of an innovation, interest and offers, and which agencies would fit."""

from flask import Blueprint, Response, jsonify
from sqlalchemy.orm import Session

from web.api import answers, bodies, replies
from web.api.auth import acting, caller
from web.api.problems import bounded
from web.context import desk, now
from workflow import adoptions, commands, matchmaking, policy
from workflow.calendar import wib_date
from workflow.commands.find import one
from workflow.errors import Forbidden, Invalid, NotFound
from workflow.ledger import Actor
from workflow.models import Case

bp = Blueprint("api_adoptions", __name__, url_prefix="/api/v1/proposals/<number>")
bp.register_error_handler(Invalid, bounded)


@bp.get("/adoptions")
def index(number: str) -> Response:
    with desk().database.read() as session:
        acting(session)
        case = _in_use(session, number)
        members = adoptions.family(session, adoptions.root_of(case))
        numbers = {m.case.id: m.case.number for m in members}
        return jsonify(items=[answers.member(m, numbers) for m in members])


@bp.post("/adoptions")
def create(number: str) -> Response:
    body = bodies.document("adoption_create")

    def run(session: Session, who: Actor) -> replies.Answer:
        if "form" in body:
            case = commands.express_interest(session, who, number, body["form"])
        else:
            case = commands.offer(session, who, number, body["agency"], body["note"])
        return replies.of_case(session, who, case, created=True)

    return replies.command(body, run, 201)


@bp.get("/matches")
def matches(number: str) -> Response:
    with desk().database.read() as session:
        acting(session)
        if not policy.may_offer(caller()):
            raise Forbidden
        case = _in_use(session, number)
        found = matchmaking.matches(session, adoptions.root_of(case), wib_date(now()))
        return jsonify(items=[answers.match(m) for m in found])


def _in_use(session: Session, number: str) -> Case:
    case = one(session, number)
    if case is None or not adoptions.can_be_adopted(case):
        raise NotFound
    return case
