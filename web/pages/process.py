"""The process as a drawing with live counts, for everybody."""

from flask import Blueprint, Response, render_template, request

from web.context import desk, viewer
from web.language import locale
from workflow import drawing, queries
from workflow.definition import process, versions

bp = Blueprint("process", __name__, url_prefix="/proses")


@bp.get("")
def show() -> str:
    flow = process(versions()[-1])
    counts = {}
    if viewer() is not None:
        with desk().database.read() as session:
            counts = queries.counts_by_state(session)
    return render_template(
        "process.html",
        flow=flow,
        stages=[*flow.pipeline("innovation"), *flow.pipeline("adoption")],
        counts=counts,
        here=request.args.get("di", ""),
        drawings={
            stage.name: drawing.draw(stage, counts, request.args.get("di", ""), locale())
            for stage in flow.stages.values()
        },
    )


@bp.get("/<stage>.svg")
def svg(stage: str) -> Response:
    flow = process(versions()[-1])
    if stage not in flow.stages:
        return Response(status=404)
    text = drawing.draw(flow.stages[stage], {}, "", locale(), standalone=True)
    return Response(text, mimetype="image/svg+xml")
