"""A cohort: its cases by score, how far the reviews lie apart, and what one review moves."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from web import case_view, dates
from web.context import desk, me, now
from web.guards import allowed
from web.language import locale
from workflow import calibration, policy, queries
from workflow.definition import process, versions
from workflow.errors import NotFound
from workflow.models import Case, Review

bp = Blueprint("cohorts", __name__, url_prefix="/angkatan")


@bp.get("")
@allowed(policy.may_compare)
def index() -> str:
    with desk().database.read() as session:
        rows = queries.cohort_sizes(session, me())
    return render_template("cohorts/index.html", rows=rows)


@bp.get("/<code>")
@allowed(policy.may_compare)
def show(code: str) -> str | BaseResponse:
    flow = process(versions()[-1])
    with desk().database.read() as session:
        cohort = queries.cohort(session, code)
        if cohort is None:
            raise NotFound
        given = queries.reviews_by_state(session, me(), cohort)
        cases = queries.cohort_cases(session, me(), cohort)
    rounds = [s for s in flow.states.values() if s.review and s.name in given]
    chosen = next((s for s in rounds if s.name == request.args.get("state")), rounds[-1] if rounds else None)
    held = given[chosen.name] if chosen else {}
    standings = calibration.standings(held)
    rated = {s.case.id for s in standings}
    return render_template(
        "cohorts/show.html",
        cohort=cohort,
        may_hold=policy.may_hold(me()),
        rounds=[{"name": s.name, "label": s.title(locale()), "count": len(given[s.name])} for s in rounds],
        chosen=chosen,
        rows=[_row(s) for s in standings],
        severities=calibration.severities(held),
        reviewers=_reviewers(held),
        rest=[case_view.row(case, now(), locale()) for case in cases if case.id not in rated],
        total=len(cases),
    )


def _row(standing: calibration.Standing) -> dict[str, Any]:
    case = standing.case
    rule = process(case.process).states[standing.reviews[0].state].review
    apart = standing.spread
    return {
        "href": f"/usulan/{case.number}?tab=telaah",
        "case": case,
        "standing": standing,
        "apart": bool(rule and rule.spread is not None and apart is not None and apart > rule.spread),
        "passes": bool(rule and standing.score is not None and standing.score >= rule.pass_score),
        "scores": [(r, dates.decimal(r.score)) for r in standing.reviews],
        "pill": case_view.state_pill(case, now(), locale()),
    }


def _reviewers(given: Mapping[Case, Sequence[Review]]) -> int:
    return len({review.reviewer_id for reviews in given.values() for review in reviews})
