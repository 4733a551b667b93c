"""What the process is and what its forms ask, by name. Public, as the process is."""

from typing import Any

from flask import Blueprint, Response, jsonify

from web.api.auth import language
from web.api.problems import bounded
from web.context import now
from workflow import validation
from workflow.calendar import wib_date
from workflow.definition import Stage, State, Transition, process, version_for
from workflow.errors import Invalid, NotFound

bp = Blueprint("api_catalogue", __name__, url_prefix="/api/v1")
bp.register_error_handler(Invalid, bounded)


@bp.get("/process")
def show() -> Response:
    """The process that a case begun today would follow."""
    flow = process(version_for(wib_date(now()).year))
    names = sorted({stage.pipeline for stage in flow.stages.values()})
    return jsonify(
        version=flow.version,
        pipelines=[
            {"name": name, "stages": [_stage(stage) for stage in flow.pipeline(name)]} for name in names
        ],
        forms=sorted({t.form for t in flow.transitions if t.form}),
        rubrics=sorted({s.review.rubric for s in flow.states.values() if s.review}),
    )


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "order": stage.order,
        "title": stage.title(language()),
        "tahapan": stage.tahapan,
        "start": stage.start,
        "states": [_state(state) for state in stage.states.values()],
        "transitions": [_transition(step) for step in stage.transitions],
    }


def _state(state: State) -> dict[str, Any]:
    return {
        "name": state.name,
        "title": state.title(language()),
        "proposer_title": state.proposer_title(language()),
        "owner": state.owner,
        "due_working_days": (state.due.working_days or None) if state.due else None,
        "due_months": (state.due.months or None) if state.due else None,
        "rubric": state.review.rubric if state.review else None,
        "outcome": state.outcome,
    }


def _transition(step: Transition) -> dict[str, Any]:
    return {
        "name": step.name,
        "title": step.title(language()),
        "from": list(step.origins),
        "to": step.to,
        "by": sorted(step.by),
        "guards": [guard.name for guard in step.guards],
        "form": step.form,
        "collect": step.collect,
        "note": step.note,
    }


@bp.get("/schemas/<name>")
def schema(name: str) -> Response:
    try:
        response = jsonify(validation.schema(name))
    except KeyError:
        raise NotFound from None
    response.content_type = "application/schema+json"
    return response
