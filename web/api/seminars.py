"""Seminars: the sessions that the caller arranges, chairs or sits in."""

from typing import Any

from flask import Blueprint, Response, jsonify

from web.api import answers, auth, parameters
from web.api.problems import bounded
from web.context import desk, now
from workflow import policy
from workflow.errors import Invalid
from workflow.models import Seminar, User
from workflow.seminars import lists, words

bp = Blueprint("api_seminars", __name__, url_prefix="/api/v1/seminars")
bp.register_error_handler(Invalid, bounded)


@bp.get("")
def index() -> Response:
    asked, user = parameters.read(), auth.caller()
    listed = lists.past if asked["when"] == "past" else lists.coming
    with desk().database.read() as session:
        found = listed(session, user, now(), asked.get("cursor"), asked["limit"])
        items = [whole(seminar, user) for seminar in found]
    more = found[-1].id if len(found) == asked["limit"] else None
    return jsonify(items=items, next_cursor=more)


@bp.get("/<int:seminar_id>")
def show(seminar_id: int) -> Response:
    with desk().database.read() as session:
        return jsonify(whole(lists.find(session, auth.caller(), seminar_id), auth.caller()))


def whole(seminar: Seminar, user: User) -> dict[str, Any]:
    """A session as its schema describes it."""
    shown = seminar.slots if seminar.cancelled_at else seminar.standing
    return {
        "id": seminar.id,
        "title": words.title(seminar, auth.language()),
        "state": seminar.state,
        "cohort": seminar.cohort.code,
        "starts_at": answers.moment(seminar.starts_at),
        "ends_at": answers.moment(seminar.ends_at),
        "place": seminar.place or None,
        "link": seminar.link or None,
        "chair": seminar.chair.name,
        "cancelled_at": answers.perhaps(seminar.cancelled_at),
        "version": seminar.version,
        "slots": [
            {
                "number": slot.case.number,
                "title": slot.case.title,
                "starts_at": answers.moment(slot.starts_at),
                "ends_at": answers.moment(slot.ends_at),
            }
            for slot in shown
            if policy.may_see_slot(user, slot)
        ],
        "links": {
            "self": f"/api/v1/seminars/{seminar.id}",
            "page": f"/seminar/{seminar.id}",
            "calendar": f"/seminar/{seminar.id}/undangan.ics",
        },
    }
