"""Proposals: begin, list, read, write drafts, take steps, review; events and mails."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from web.api import answers, bodies
from web.api.auth import caller
from web.context import actor, desk, now
from workflow import commands, once, policy, queries
from workflow.errors import Forbidden

bp = Blueprint("api_cases", __name__, url_prefix="/api/v1")

FILTERS = ("stage", "state", "category", "agency", "cohort", "q", "owner")
OK, CREATED = 200, 201


@bp.post("/proposals")
def create() -> Response:
    body = _authenticated("proposal_create")

    def run(session: Session) -> dict[str, Any]:
        who = actor(session)
        return answers.whole(session, who, commands.start(session, who, body))

    return _command(body, run, CREATED)


@bp.get("/proposals")
def index() -> Response:
    user = caller()
    bodies.only(*FILTERS, "year", "sort", "limit", "cursor")
    given = {name: request.args.get(name, "")[:200] for name in FILTERS}
    filters = replace(queries.Filters(year=bodies.whole_number("year", None, 9999)), **given)  # type: ignore[arg-type]
    with desk().database.read() as session:
        page = queries.list_cases(
            session,
            user,
            now(),
            filters,
            sort=request.args.get("sort", "-updated_at"),
            limit=bodies.whole_number("limit", queries.PAGE) or 0,
            cursor=request.args.get("cursor"),
        )
    return jsonify(
        items=[answers.summary(case) for case in page.cases], next_cursor=page.next_cursor, total=page.total
    )


@bp.get("/proposals/<number>")
def show(number: str) -> Response:
    caller()
    with desk().database.read() as session:
        who = actor(session)
        body = answers.whole(session, who, commands.find(session, who, number))
    return _tagged(body, OK)


@bp.put("/proposals/<number>/draft")
def draft(number: str) -> Response:
    body = _authenticated("draft")
    expected = _expected()
    with desk().database.write() as session:
        who = actor(session)
        saved = commands.save_draft(session, who, number, body["form"], expected, body.get("transition"))
        version = commands.etag(commands.find(session, who, number))
    return _tagged({"form": saved.form, "version": version, "saved_at": answers.moment(saved.saved_at)}, OK)


@bp.post("/proposals/<number>/transitions/<name>")
def step(number: str, name: str) -> Response:
    body = _authenticated("transition")
    expected = _expected()

    def run(session: Session) -> dict[str, Any]:
        who = actor(session)
        case = commands.advance(
            session, who, number, name, expected=expected, note=body.get("note"), form=body.get("form")
        )
        return answers.whole(session, who, case)

    return _command(body, run, OK)


@bp.post("/proposals/<number>/reviews")
def review(number: str) -> Response:
    body = _authenticated("review")

    def run(session: Session) -> dict[str, Any]:
        given = commands.give_review(session, actor(session), number, body)
        return {"number": number, "recommendation": given.recommendation, "score": given.score}

    return _command(body, run, CREATED)


@bp.get("/proposals/<number>/events")
def events(number: str) -> Response:
    user = caller()
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        rows = queries.events_of(session, case)
    return jsonify(items=[answers.event(row, user, case) for row in rows])


@bp.get("/proposals/<number>/emails")
def emails(number: str) -> Response:
    user = caller()
    with desk().database.read() as session:
        case = commands.find(session, actor(session), number)
        rows = queries.emails_of(session, case)
    every = policy.may_see_all_mail(user, case)
    return jsonify(items=[answers.email(row) for row in rows if every or row.recipient_id == user.id])


@bp.get("/events")
def feed() -> Response:
    user = caller()
    if not policy.may_see_feed(user):
        raise Forbidden("Aliran peristiwa hanya untuk koordinator dan auditor.")
    bodies.only("after", "limit")
    limit = bodies.whole_number("limit", 100, 1000) or 100
    with desk().database.read() as session:
        rows = queries.feed(session, bodies.whole_number("after", 0) or 0, limit)
    return jsonify(items=[answers.event(row, user, None) for row in rows])


def _authenticated(schema: str) -> dict[str, Any]:
    caller()
    return bodies.document(schema)


def _expected() -> str | None:
    seen = bodies.if_match()
    return None if seen == "*" else seen


def _command(asked: dict[str, Any], run: Callable[[Session], dict[str, Any]], status: int) -> Response:
    """Run a command, once per Idempotency-Key; the answer given first is given again."""
    key, user = bodies.idempotency_key(), caller()
    with desk().database.write() as session:
        if not key:
            return _tagged(run(session), status)
        row, new = once.claim(session, user, key, once.fingerprint(request.path, asked), now())
        if new:
            once.answer(row, status, body=run(session))
        response = _tagged(row.body or {}, row.status)
    if not new:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _tagged(body: dict[str, Any], status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    if "version" in body:
        response.headers["ETag"] = f'"{body["version"]}"'
    if status == CREATED and "state" in body:
        response.headers["Location"] = f"/api/v1/proposals/{body['number']}"
    return response
