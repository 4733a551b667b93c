"""What the process is and what its forms ask, by name."""

from typing import Any

from flask import Blueprint, Response, jsonify

from workflow import validation
from workflow.definition import Transition, process, versions
from workflow.errors import NotFound

bp = Blueprint("api_catalogue", __name__, url_prefix="/api/v1")


@bp.get("/process")
def show() -> Response:
    flow = process(versions()[-1])
    return jsonify(
        version=flow.version,
        pipelines=sorted({s.pipeline for s in flow.stages.values()}),
        stages=[
            {
                "name": stage.name,
                "pipeline": stage.pipeline,
                "order": stage.order,
                "title": stage.title.id,
                "tahapan": stage.tahapan,
                "start": stage.start,
                "states": [
                    {"name": s.name, "title": s.title.id, "owner": s.owner, "outcome": s.outcome}
                    for s in stage.states.values()
                ],
                "transitions": [_transition(t) for t in stage.transitions],
            }
            for stage in sorted(flow.stages.values(), key=lambda s: (s.pipeline, s.order))
        ],
    )


def _transition(step: Transition) -> dict[str, Any]:
    return {
        "name": step.name,
        "title": step.title.id,
        "from": list(step.origins),
        "to": step.to,
        "by": sorted(step.by),
        "form": step.form,
        "note": step.note,
    }


@bp.get("/schemas/<name>")
def schema(name: str) -> Response:
    try:
        return jsonify(validation.schema(name))
    except KeyError:
        raise NotFound from None
