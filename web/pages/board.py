"""The board: the list of cases in columns, with the same filters, words and kept lists."""

from typing import Any

from flask import Blueprint, render_template, request

from web import case_view
from web.context import desk, me, now
from web.guards import signed_in
from web.language import locale
from web.list_choices import active, choices
from web.list_state import ListState, read
from web.pages.lists import kept_views
from workflow import board as boards
from workflow import policy
from workflow.board import Board, Column
from workflow.models import Case
from workflow.search import query

bp = Blueprint("board", __name__, url_prefix="/papan")

PATH = "/papan"


@bp.get("")
@signed_in
def index() -> str | tuple[str, int]:
    with desk().database.read() as session:
        state = read(session, request.args)
        if state.problems:
            asked = {"q": state.typed, "keys": query.KEYS, "flags": query.FLAGS}
            return render_template("cases/board.html", state=state, **asked), 422
        found = boards.board(session, me(), now(), state.filters)
        offered = choices(session, state.filters, found.counts)
        views = kept_views(session, PATH)
        text = query.text_of(session, state.filters)
    return render_template(
        "cases/board.html",
        state=state,
        columns=[_column(column, found, state) for column in found.columns if column.count],
        empty=[column.title(locale()) for column in found.columns if not column.count],
        total=found.total,
        relaxed=found.relaxed,
        filters=offered,
        active=active(state, offered, PATH),
        q=text,
        views=views,
        may_propose=policy.may_propose(me()),
        may_share=policy.may_share_views(me()),
    )


def _column(column: Column, found: Board, state: ListState) -> dict[str, Any]:
    by_stage = not column.filters.state
    here = ListState("", column.filters, "due_at", state.columns)
    return {
        "title": column.title(locale()),
        "count": column.count,
        "more": column.count > len(column.cases),
        "href": here.href(),
        "narrow_href": here.href(PATH) if by_stage else None,
        "cards": [_card(case, found, by_stage=by_stage) for case in column.cases],
    }


def _card(case: Case, found: Board, *, by_stage: bool) -> dict[str, Any]:
    """In a column of a stage a card says its state."""
    row = case_view.row(case, now(), locale(), people=False)
    return {**row, "panel": found.panels.get(case.id), "says_state": by_stage}
