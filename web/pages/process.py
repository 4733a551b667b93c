"""The process for everybody: as a drawing with live counts, and what it tells whom by mail."""

from typing import Any

from flask import Blueprint, Response, render_template, request

from web.case_view import FACT_TITLES
from web.context import desk, viewer
from web.language import locale
from web.language import say as _
from web.sharing import shareable
from workflow import drawing, notice_rules, queries
from workflow.definition import Process, process, versions
from workflow.phrases import AUDIENCE_NAMES, MAIL_NAMES, ROLE_NAMES

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
    names = {audience: _((ROLE_NAMES | AUDIENCE_NAMES)[audience]) for audience in heard}
    chosen = request.args.get("untuk", "")
    return render_template(
        "notifications.html",
        groups=[
            (
                name,
                title,
                [_sentence(flow, name, rule, names) for rule in rules if chosen in ("", rule.audience)],
            )
            for name, title, rules in groups
        ],
        audiences=sorted(names.items(), key=lambda item: item[1]),
        chosen=chosen if chosen in names else "",
    )


def _sentence(flow: Process, stage: str, rule: notice_rules.Rule, names: dict[str, str]) -> dict[str, Any]:
    """A rule in words: when, who, what."""
    return {
        "when": _occasion(flow, stage, rule),
        "who": names[rule.audience],
        "what": _(MAIL_NAMES[rule.kind]),
        "optional": rule.optional,
    }


def _occasion(flow: Process, stage: str, rule: notice_rules.Rule) -> str:
    if rule.fact:
        return _("Setelah “%(fact)s”", fact=_(FACT_TITLES[rule.fact]))
    if rule.state:
        state = flow.states[rule.state].title(locale())
        if rule.days is None:
            return _("Bila batas waktu “%(state)s” terlewati", state=state)
        return _("%(days)s hari kerja sebelum batas waktu “%(state)s”", days=rule.days, state=state)
    step = flow.transition(stage, rule.step)
    title = step.title(locale()) if step else rule.step
    if rule.by_system:
        return _("Setelah sistem menjalankan “%(step)s”", step=title)
    return _("Setelah “%(step)s”", step=title)


@bp.get("/<stage>.svg")
def svg(stage: str) -> Response:
    flow = process(versions()[-1])
    if stage not in flow.stages:
        return Response(status=404)
    text = drawing.draw(flow.stages[stage], {}, "", locale(), standalone=True)
    return Response(text, mimetype="image/svg+xml")
