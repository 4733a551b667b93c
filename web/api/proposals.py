"""Proposals: begin, list, read, save drafts, take steps, review, extend deadlines."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify
from sqlalchemy.orm import Session

from web.api import answers, bodies, parameters, replies
from web.api.auth import acting, caller
from web.api.problems import bounded
from web.context import desk, now
from web.downloads import send_proof
from workflow import case_lists, commands, discussion, queries
from workflow.commands.find import find_or_copy
from workflow.errors import Invalid, NotFound
from workflow.ledger import Actor
from workflow.search import query

bp = Blueprint("api_proposals", __name__, url_prefix="/api/v1/proposals")
bp.register_error_handler(Invalid, bounded)

PAGING = ("sort", "limit", "cursor")


@bp.post("")
def create() -> Response:
    body = bodies.document("proposal_create")

    def run(session: Session, who: Actor) -> replies.Answer:
        return replies.of_case(session, who, commands.start(session, who, body), created=True)

    return replies.command(body, run, 201)


@bp.get("")
def index() -> Response:
    asked = parameters.read()
    chosen = {k: v for k, v in asked.items() if k not in PAGING}
    paging = {k: v for k, v in asked.items() if k in PAGING}
    with desk().database.read() as session:
        question = query.parse(session, chosen.get("q", ""))
        filters = case_lists.Filters(**(chosen | question.filters | {"q": question.words}))
        page = case_lists.list_cases(session, caller(), now(), filters, **paging)
    response = jsonify(
        items=[answers.item(case) for case in page.cases],
        next_cursor=page.next_cursor,
        total=page.total,
    )
    for rel, cursor in (("next", page.next_cursor), ("prev", page.previous_cursor)):
        if cursor:
            target = urlencode(asked | {"cursor": cursor})
            response.headers.add("Link", f'</api/v1/proposals?{target}>; rel="{rel}"')
    return response


@bp.get("/<number>")
def show(number: str) -> Response:
    with desk().database.read() as session:
        who = acting(session)
        return replies.send(replies.of_case(session, who, find_or_copy(session, who, number)))


@bp.put("/<number>/draft")
def draft(number: str) -> Response:
    body, tags = bodies.document("draft"), bodies.seen_versions()
    with desk().database.write() as session:
        who = acting(session)
        expected = bodies.expected(session, who, number, tags)
        commands.save_draft(session, who, number, body["form"], expected, body.get("transition"))
        return replies.send(replies.of_case(session, who, commands.find(session, who, number)))


@bp.post("/<number>/transitions/<name>")
def step(number: str, name: str) -> Response:
    body, tags = bodies.document("transition"), bodies.seen_versions()

    def run(session: Session, who: Actor) -> replies.Answer:
        taken: dict[str, Any] = {"note": body.get("note"), "form": body.get("form")}
        expected = bodies.expected(session, who, number, tags)
        case = commands.advance(session, who, number, name, expected=expected, **taken)
        return replies.of_case(session, who, case)

    return replies.command(body, run, 200)


@bp.post("/<number>/extensions")
def extend(number: str) -> Response:
    body, tags = bodies.document("extension"), bodies.seen_versions()

    def run(session: Session, who: Actor) -> replies.Answer:
        expected, until = bodies.expected(session, who, number, tags), date.fromisoformat(body["until"])
        case = commands.extend_deadline(session, who, number, until, body["reason"], expected)
        return replies.of_case(session, who, case)

    return replies.command(body, run, 200)


@bp.post("/<number>/nudges")
def nudge(number: str) -> Response:
    def run(session: Session, who: Actor) -> replies.Answer:
        event = commands.nudge(session, who, number)
        people = queries.people_by_id(session, answers.mentioned([event]))
        location = answers.address(number, "events")
        return replies.Answer(answers.event(event, number, people, readable=True), None, location)

    return replies.command(None, run, 201)


@bp.post("/<number>/reviews")
def review(number: str) -> Response:
    body = bodies.document("review")

    def run(session: Session, who: Actor) -> replies.Answer:
        commands.give_review(session, who, number, body)
        return replies.of_case(session, who, find_or_copy(session, who, number), created=True)

    return replies.command(body, run, 201)


@bp.get("/<number>/messages")
def messages(number: str) -> Response:
    with desk().database.read() as session:
        case = commands.find(session, acting(session), number)
        said = discussion.messages(session, caller(), case)
    return jsonify(items=[answers.message(row, number) for row in said])


@bp.get("/<number>/attachments/<int:attachment_id>")
def attachment(number: str, attachment_id: int) -> Response:
    """A file of a message, for who may read the message."""
    if attachment_id > parameters.LARGEST_ID:
        raise NotFound
    with desk().database.read() as session:
        case = commands.find(session, acting(session), number)
        found = discussion.attachment(session, caller(), case, attachment_id)
    if found is None:
        raise NotFound
    return send_proof(found)


@bp.post("/<number>/messages")
def say(number: str) -> Response:
    body = bodies.document("message_create")

    def run(session: Session, who: Actor) -> replies.Answer:
        event = commands.discuss(session, who, number, body)
        case = commands.find(session, who, number)
        said = [m for m in discussion.messages(session, caller(), case) if m.id == event.id]
        return replies.Answer(answers.message(said[0], number), None, answers.address(number, "messages"))

    return replies.command(body, run, 201)
