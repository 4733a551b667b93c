"""Giving an answer: its headers, and once per Idempotency-Key."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from flask import Response, jsonify, request
from sqlalchemy.orm import Session

from web.api import answers, auth
from web.context import desk, now
from workflow import commands, once, policy
from workflow.ledger import Actor
from workflow.models import Case


@dataclass(frozen=True)
class Answer:
    """What is kept with the key and given again."""

    body: dict[str, Any]
    etag: str | None = None
    location: str | None = None


def of_case(session: Session, who: Actor, case: Case, *, created: bool = False) -> Answer:
    """The case as this caller may know it."""
    location = answers.address(case.number) if created else None
    blind = who.user is not None and policy.is_blind(who.user, case)
    body = answers.redacted(session, case) if blind else answers.whole(session, who, case)
    return Answer(body, commands.etag(case), location)


def send(answer: Answer, status: int = HTTPStatus.OK) -> Response:
    response = jsonify(answer.body)
    response.status_code = status
    if answer.etag:
        response.headers["ETag"] = f'"{answer.etag}"'
    if answer.location:
        response.headers["Location"] = answer.location
    return response


def command(asked: Any, run: Callable[[Session, Actor], Answer], status: int) -> Response:  # noqa: ANN401
    """Run a command in one transaction; with a key that is known already, only repeat its answer.

    `asked` is what the key stands for besides the route.
    """
    key = request.headers.get("Idempotency-Key")
    with desk().database.write() as session:
        who = auth.acting(session)
        if key is None:
            return send(run(session, who), status)
        user = auth.caller()
        given = once.claim(session, user, key, once.fingerprint(request.path, asked), now())
        if given is None:
            answer = run(session, who)
            once.answer(session, user, key, status, answer.location, asdict(answer))
        else:
            answer, status = Answer(**(given.body or {})), given.status
    response = send(answer, status)
    if given is not None:
        response.headers["Idempotent-Replayed"] = "true"
    return response
