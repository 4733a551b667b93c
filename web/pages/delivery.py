"""The delivery page: every mail and job that waits, is unknown, parked or sent; retry, settle, drop."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from web.context import desk, me, now
from web.guards import allowed
from workflow import account_mail, delivery, forecast, mail_texts, policy
from workflow.errors import NotFound
from workflow.models import Email

bp = Blueprint("delivery", __name__, url_prefix="/pengiriman")

ABOUT_ACCOUNT = {
    account_mail.RESET: "Atur ulang kata sandi",
    account_mail.INVITATION: "Undangan akun",
    account_mail.CHANGED: "Kata sandi diganti",
}
"""What a mail about an account is called until it is written out."""


@bp.get("")
@allowed(policy.may_run_delivery)
def index() -> str:
    state = request.args.get("status", "waiting")
    if state not in delivery.STATES:
        raise NotFound
    kind = "job" if request.args.get("jenis") == "job" else "email"
    with desk().database.read() as session:
        mails, jobs = delivery.mails(session), delivery.jobs(session)
        what, number = request.args.get("apa", "")[:40], request.args.get("usulan", "")[:20]
        mail_rows, job_rows = [], []
        if kind == "email":
            mail_rows = delivery.list_mails(session, state, what=what, number=number)
        elif state != "unknown":
            job_rows = delivery.list_jobs(session, state, what=what, number=number)
        kinds = delivery.kinds(session)[kind]
        faulty = len(mail_texts.faulty(session))
    return render_template(
        "delivery.html",
        kind=kind,
        state=state,
        mails=mails,
        jobs=jobs,
        mail_rows=[_mail(email, case, user) for email, case, user in mail_rows],
        job_rows=[_job(job, case, event) for job, case, event in job_rows],
        kinds=kinds,
        faulty=faulty,
        may_edit_mails=policy.may_edit_mails(me()),
        narrow={"what": what, "number": number},
        smtp=bool(desk().settings.smtp_url),
        now=now(),
    )


@bp.get("/mendatang")
@allowed(policy.may_run_delivery)
def coming() -> str:
    """What will be sent in the next two weeks if nobody moves."""
    with desk().database.read() as session:
        notices = forecast.upcoming(session, now(), desk().settings.digest_hour)
    rows = [{**vars(notice), "href": f"/usulan/{notice.case.number}"} for notice in notices]
    return render_template(
        "coming.html",
        rows=rows,
        days=forecast.PERIOD.days,
        may_edit_calendar=policy.may_edit_calendar(me()),
    )


@bp.get("/<kind>/<int:row_id>")
@allowed(policy.may_run_delivery)
def show(kind: str, row_id: int) -> str:
    """One job or mail: to which event it is owed, every try and its error, what can be done."""
    if kind not in {"email", "job"} or row_id >= 2**31:
        raise NotFound
    with desk().database.read() as session:
        found = delivery.find(session, kind, row_id)
        if found is None:
            raise NotFound
        row, case, event = found
        tries = delivery.tries(session, row)
        carried = delivery.carried_by(session, row.id) if isinstance(row, Email) and row.digest_day else []
    return render_template(
        "duty.html",
        kind=kind,
        about_account={kind: _(text) for kind, text in ABOUT_ACCOUNT.items()},
        row=row,
        state=delivery.state_of(row, now()),
        case=case,
        event=event,
        tries=tries,
        carried=carried,
        now=now(),
    )


def _mail(email: Any, case: Any, user: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "id": email.id,
        "href": f"/pengiriman/email/{email.id}",
        "subject": email.subject or _(ABOUT_ACCOUNT.get(email.kind, email.kind)),
        "to": f"{user.name} <{email.to_address}>" if user else email.to_address,
        "number": case.number if case else None,
        "state": delivery.state_of(email, now()),
        "attempts": email.attempts,
        "created_at": email.created_at,
        "done_at": email.done_at,
        "due_at": email.due_at,
        "not_before": email.not_before,
        "digest_id": email.digest_id,
        "error": email.error,
    }


def _job(job: Any, case: Any, event: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "id": job.id,
        "href": f"/pengiriman/job/{job.id}",
        "handler": job.handler,
        "event": event.name if event else None,
        "number": case.number if case else None,
        "import_id": job.import_id,
        "export_id": job.export_id,
        "webhook_id": job.webhook_id,
        "state": delivery.state_of(job, now()),
        "attempts": job.attempts,
        "created_at": job.created_at,
        "done_at": job.done_at,
        "due_at": job.due_at,
        "error": job.error,
    }


@bp.post("/<kind>/<int:row_id>")
@allowed(policy.may_run_delivery)
def decide(kind: str, row_id: int) -> Response:
    """Retry, settle (an unknown mail did arrive) or drop one row."""
    action = request.form.get("_action")
    if kind not in {"email", "job"} or action not in {"retry", "drop", "settle"} or row_id >= 2**31:
        raise NotFound
    with desk().database.write() as session:
        if action == "settle":
            done = kind == "email" and delivery.settle(session, row_id, now())
        else:
            done = (delivery.retry if action == "retry" else delivery.drop)(session, kind, row_id, now())
    words = {
        "retry": _("Dijadwalkan ulang."),
        "drop": _("Dihentikan."),
        "settle": _("Dicatat sebagai terkirim."),
    }
    if done:
        flash(words[action], "ok")
    else:
        flash(_("Sudah selesai atau sedang dikerjakan; tidak ada yang diubah."), "warning")
    return redirect(
        request.form.get("back", "")
        if request.form.get("back", "").startswith("/pengiriman")
        else "/pengiriman"
    )
