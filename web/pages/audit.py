"""The state of the chain and of the files, for those who have to vouch for the record."""

from flask import Blueprint, render_template
from sqlalchemy import select

from web.context import desk, now
from web.guards import allowed
from workflow import audit, file_check, policy
from workflow.models import Anchor, Verification

bp = Blueprint("audit", __name__, url_prefix="/audit")

SHOWN = 31


@bp.get("")
@allowed(policy.may_see_chain)
def index() -> str:
    """Length and head, the last verifications, and the anchors that left the database."""
    with desk().database.read() as session:
        end, _last = audit.head(session)
        runs = list(session.scalars(select(Verification).order_by(Verification.id.desc()).limit(SHOWN)))
        anchors = list(session.scalars(select(Anchor).order_by(Anchor.id.desc()).limit(SHOWN)))
        check, faulty = file_check.newest(session), file_check.faulty_files(session)
    finished = next((run for run in runs if run.finished_at is not None), None)
    return render_template(
        "audit.html",
        end=end,
        runs=runs,
        anchors=anchors,
        last=finished,
        check=check,
        faulty=faulty,
        now=now(),
    )
