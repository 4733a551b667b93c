"""The process for everybody: as a drawing with live counts, and what it tells whom by mail."""

from typing import Any

from flask import Blueprint, Response, render_template, request

from web import rule_words
from web.context import desk, viewer
from web.language import locale
from web.language import say as _
from web.sharing import shareable
from workflow import drawing, notice_rules, queries
from workflow.definition import Process, process, versions
from workflow.phrases import MAIL_NAMES

bp = Blueprint("process", __name__, url_prefix="/proses")


@bp.get("")
@shareable
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


@bp.get("/pemberitahuan")
def notifications() -> str:
    flow = process(versions()[-1])
    stages = [*flow.pipeline("innovation"), *flow.pipeline("adoption")]
    groups = [(stage.name, stage.title(locale()), notice_rules.of_stage(flow, stage)) for stage in stages]
    groups.append(("fakta", _("Pada semua tahap"), notice_rules.of_every_stage()))
    heard = {rule.audience for _name, _title, rules in groups for rule in rules}
    names = {audience: rule_words.audience(audience) for audience in heard}
    chosen = request.args.get("untuk", "")
    return render_template(
        "notifications.html",
        groups=[
            (
                name,
                title,
                [_sentence(flow, rule) for rule in rules if chosen in ("", rule.audience)],
            )
            for name, title, rules in groups
        ],
        audiences=sorted(names.items(), key=lambda item: item[1]),
        chosen=chosen if chosen in names else "",
    )


def _sentence(flow: Process, rule: notice_rules.Rule) -> dict[str, Any]:
    """A rule in words: when, who, what."""
    return {
        "when": rule_words.occasion(flow, rule),
        "who": rule_words.audience(rule.audience),
        "what": _(MAIL_NAMES[rule.kind]),
        "optional": rule.optional,
    }


@bp.get("/<stage>.svg")
def svg(stage: str) -> Response:
    flow = process(versions()[-1])
    if stage not in flow.stages:
        return Response(status=404)
    text = drawing.draw(flow.stages[stage], {}, "", locale(), standalone=True)
    return Response(text, mimetype="image/svg+xml")
