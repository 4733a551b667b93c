"""The pages people see, one module per noun, and what every page knows."""

from datetime import date
from typing import Any

from flask import Flask, request
from flask_babel import gettext as _

from web import dates
from web.case_view import initials
from web.context import desk, now, viewer
from web.language import locale
from web.pages import (
    account,
    adoptions,
    ageing,
    agencies,
    assignments,
    audit,
    board,
    bulk,
    calendar,
    cases,
    cohorts,
    deadline,
    delivery,
    demo,
    desks,
    discussion,
    entries,
    evidence,
    exports,
    feed,
    health,
    held,
    home,
    imports,
    inbox,
    lessons,
    lists,
    mail_texts,
    mails,
    nudges,
    overview,
    panel,
    people,
    process,
    profile,
    redaction,
    region,
    registry,
    reviewers,
    reviews,
    seminar_day,
    seminars,
    steps,
    uploads,
    webhooks,
)
from workflow import office_days, policy, quarantine, queries
from workflow.delivery import alarm, state_of
from workflow.models import User
from workflow.phrases import ROLE_NAMES, SIGN_IN_NAMES
from workflow.sign_ins import FAILURES

MOST_SHOWN = 8
FOLDED = frozenset(
    {
        "/penelaah",
        "/impor",
        "/pengiriman",
        "/audit",
        "/orang",
        "/pengelola/surel",
        "/pengelola/kalender",
        "/pengelola/webhook",
    }
)
"""What a wide menu keeps under “Lainnya” where it would not fit."""


def init_app(app: Flask) -> None:
    for module in (
        health,
        home,
        lists,
        board,
        overview,
        ageing,
        bulk,
        cases,
        steps,
        deadline,
        nudges,
        held,
        adoptions,
        lessons,
        evidence,
        discussion,
        entries,
        desks,
        exports,
        profile,
        region,
        registry,
        reviews,
        reviewers,
        redaction,
        assignments,
        cohorts,
        seminars,
        seminar_day,
        feed,
        panel,
        delivery,
        process,
        imports,
        account,
        mails,
        mail_texts,
        inbox,
        people,
        agencies,
        uploads,
        audit,
        webhooks,
        calendar,
    ):
        app.register_blueprint(module.bp)
    if desk_of(app).settings.demo:
        app.register_blueprint(demo.bp)
    app.context_processor(_frame)
    app.jinja_env.filters.update(
        age=dates.age,
        full_date=dates.full_date,
        long_date=dates.long_date,
        day=lambda text: dates.long_date(date.fromisoformat(text)),
        moment=dates.long_moment,
        thousands=dates.thousands,
        decimal=dates.decimal,
    )
    settings = desk_of(app).settings
    app.jinja_env.globals.update(
        initials=initials,
        mail_state=state_of,
        role_names=ROLE_NAMES,
        sign_in_names=SIGN_IN_NAMES,
        sign_in_failures=FAILURES,
        file_state=lambda proof: quarantine.state_of(proof.stored, settings),
    )


def desk_of(app: Flask) -> Any:  # noqa: ANN401 - Flask's extensions are untyped
    return app.extensions["loncatan"]


def _frame() -> dict[str, Any]:
    """Navigation, person, language, banners."""
    user = viewer()
    settings = desk().settings
    office_days.refresh(desk().database)
    work, unread = _waiting(user) if user else (0, 0)
    return {
        "lang": locale(),
        "me": user,
        "nav": _nav(user, work),
        "inbox": {"unread": unread, "current": request.path.startswith("/kotak-masuk")} if user else None,
        "user": _user(user) if user else None,
        "links": {
            "account": "/akun",
            "sign_in": "/masuk",
            "sign_out": "/keluar",
            "language": "/bahasa",
            "search": _search(user),
        },
        "alarm": _alarm(user),
        "demo": demo.banner() if settings.demo else None,
    }


def _search(user: User | None) -> str:
    """Where the words of the box at the top are looked for: what is a board stays one."""
    if user is None:
        return "/registri"
    return "/papan" if request.path == "/papan" else "/usulan"


def _waiting(user: User) -> tuple[int, int]:
    with desk().database.read() as session:
        return queries.waiting_for(session, user)


def _user(user: User) -> dict[str, Any]:
    titles = [_(ROLE_NAMES[role]) for role in policy.GLOBAL_ROLES if role in user.global_roles]
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "initials": initials(user.name),
        "roles": titles or [user.position],
    }


def _nav(user: User | None, waiting: int) -> list[dict[str, Any]]:
    if user is None:
        return _marked([(_("Registri"), "/registri", None), (_("Proses"), "/proses", None)])
    offered = [
        (_("Pekerjaan saya"), "/beranda", True),
        (_("Usulan"), "/usulan", True),
        (_("Adopsi"), "/adopsi", True),
        (_("Gambaran"), "/gambaran", policy.may_see_overview(user)),
        (_("Telaah"), "/telaah", "reviewer" in user.global_roles),
        (_("Angkatan"), "/angkatan", policy.may_compare(user)),
        (_("Seminar"), "/seminar", policy.may_run_seminars(user) or "reviewer" in user.global_roles),
        (_("Penelaah"), "/penelaah", policy.may_edit_reviewers(user)),
        (_("Indeks"), "/iga", policy.may_see_entries(user)),
        (_("Impor"), "/impor", policy.may_import(user)),
        (_("Pengiriman"), "/pengiriman", policy.may_run_delivery(user)),
        (_("Audit"), "/audit", policy.may_see_chain(user)),
        (_("Orang"), "/orang", policy.may_manage_people(user)),
        (_("Teks surel"), "/pengelola/surel", policy.may_edit_mails(user)),
        (_("Kalender kerja"), "/pengelola/kalender", policy.may_edit_calendar(user)),
        (_("Webhook"), "/pengelola/webhook", policy.may_manage_webhooks(user)),
        (_("Proses"), "/proses", True),
    ]
    return _marked(
        [(label, href, waiting if href == "/beranda" else None) for label, href, may in offered if may]
    )


def _marked(items: list[tuple[str, str, int | None]]) -> list[dict[str, Any]]:
    path = "/usulan" if request.path == "/papan" else request.path
    crowded = len(items) > MOST_SHOWN
    return [
        {
            "label": label,
            "href": href,
            "count": count,
            "current": path == href or path.startswith(f"{href}/"),
            "folded": crowded and href in FOLDED,
        }
        for label, href, count in items
    ]


def _alarm(user: User | None) -> dict[str, Any] | None:
    """For those who can do something about it: mail or work is late."""
    if user is None or not policy.may_run_delivery(user):
        return None
    with desk().database.read() as session:
        found = alarm(session, now())
    if found is None:
        return None
    if found.since is None:
        text = _(
            "%(unknown)s surel belum pasti terkirim, %(parked)s pekerjaan berhenti; perlu keputusan Anda.",
            unknown=found.unknown,
            parked=found.parked,
        )
    else:
        text = _(
            "%(count)s pekerjaan menunggu; yang tertua sejak %(age)s lalu.",
            count=dates.thousands(found.waiting),
            age=dates.age(now() - found.since),
        )
    return {"text": text, "href": "/pengiriman"}
