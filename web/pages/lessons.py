"""Lessons of pilots that were stopped, for everybody who works on innovations."""

from flask import Blueprint, render_template

from web.context import desk, me
from web.guards import signed_in
from web.language import locale
from workflow import lessons, policy

bp = Blueprint("lessons", __name__, url_prefix="/pelajaran")


@bp.get("")
@signed_in
def index() -> str:
    with desk().database.read() as session:
        ends, cases = lessons.ends(session), lessons.stopped(session)
        seen = {case.number for case in cases if policy.may_see(me(), case)}
    names = lessons.labels(locale())
    return render_template(
        "lessons.html",
        ends=ends,
        causes=[{"label": label, "value": count} for label, count in lessons.causes(cases, locale())],
        cases=[
            {
                "case": case,
                "lessons": case.forms[lessons.FORM],
                "cause": names[case.forms[lessons.FORM]["reason"]],
                "href": f"/usulan/{case.number}" if case.number in seen else None,
            }
            for case in cases
        ],
    )
