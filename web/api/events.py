"""What happened and what was sent: of one case, or of all."""

from flask import Blueprint, Response, jsonify

from web.api import answers, parameters
from web.api.auth import acting, caller
from web.api.problems import bounded
from web.context import desk, now
from workflow import commands, discussion, policy, queries
from workflow.errors import Forbidden, Invalid
from workflow.exports import si_risma

bp = Blueprint("api_events", __name__, url_prefix="/api/v1")
bp.register_error_handler(Invalid, bounded)


@bp.get("/proposals/<number>/events")
def of_case(number: str) -> Response:
    with desk().database.read() as session:
        case = commands.find(session, acting(session), number)
        rows = queries.events_of(session, case)
        people = queries.people_by_id(session, answers.mentioned(rows))
        audiences = discussion.audiences(session, caller(), case)
    open_to_me = answers.readable(rows, caller(), case, audiences)
    return jsonify(items=[answers.event(e, number, people, readable=e.id in open_to_me) for e in rows])


@bp.get("/proposals/<number>/emails")
def emails(number: str) -> Response:
    with desk().database.read() as session:
        case = commands.find(session, acting(session), number)
        every = policy.may_see_all_mail(caller(), case)
        rows = [m for m in queries.emails_of(session, case) if every or m.recipient_id == caller().id]
        people = queries.people_by_id(session, {m.recipient_id for m in rows if m.recipient_id})
    return jsonify(items=[answers.email(m, people, now()) for m in rows])


@bp.get("/events")
def feed() -> Response:
    """Whoever may see the feed sees every case and may read reviews."""
    if not policy.may_see_feed(caller()):
        raise Forbidden("Aliran peristiwa hanya untuk koordinator dan auditor.")
    asked = parameters.read()
    with desk().database.read() as session:
        rows = queries.feed(session, asked["after"], asked["limit"])
        numbers = queries.numbers_by_id(session, {e.case_id for e in rows})
        people = queries.people_by_id(session, answers.mentioned(rows))
    return jsonify(
        items=[answers.event(e, numbers[e.case_id], people, readable=True) for e in rows],
        next_after=rows[-1].id if rows else asked["after"],
    )


@bp.get("/registry/si-risma")
def for_si_risma() -> Response:
    """The public registry in the columns of Si Risma."""
    if not policy.may_export_registry(caller()):
        raise Forbidden("Ekspor registri hanya untuk koordinator dan auditor.")
    asked = parameters.read()
    with desk().database.read() as session:
        rows = si_risma.rows(session, asked["after"], asked["limit"])
    return jsonify(items=rows, next_after=rows[-1]["posisi"] if rows else asked["after"])
