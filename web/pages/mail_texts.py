"""The words of mails: what there is, who changed what, an editor with a look at a real case, the way back."""

from collections.abc import Sequence
from difflib import ndiff
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask.wrappers import Response
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from web import rule_words
from web.context import actor, desk, me
from web.guards import allowed
from web.language import say as _
from web.security import CSP, MAIL_CSP
from workflow import commands, mail_texts, notice_rules, policy
from workflow.definition import Process, process, versions
from workflow.errors import Invalid, NotFound, Problem, Stale
from workflow.mail_groups import GROUP_OF, GROUPS
from workflow.mail_texts import LOCALES, PLACEHOLDERS, Words
from workflow.models import Case, MailText
from workflow.phrases import MAIL_NAMES

bp = Blueprint("mail_texts", __name__, url_prefix="/pengelola/surel")

LANGUAGE_NAMES = {"id": "Indonesia", "en": "English"}
FEW = 3


@bp.get("")
@allowed(policy.may_edit_mails)
def index() -> str:
    flow = process(versions()[-1])
    with desk().database.read() as session:
        changed = mail_texts.all_standing(session)
    rows = [
        {
            "kind": kind,
            "name": _title(kind),
            "group": _(GROUPS[GROUP_OF[kind]].title),
            "when": _when(flow, kind),
            "texts": [(locale, changed.get((kind, locale))) for locale in LOCALES],
        }
        for kind in sorted(MAIL_NAMES, key=_title)
    ]
    return render_template("mail_texts/index.html", rows=rows, languages=LANGUAGE_NAMES)


@bp.get("/<kind>/<locale>")
@allowed(policy.may_edit_mails)
def edit(kind: str, locale: str) -> str:
    _known(kind, locale)
    return _page(kind, locale, None, [])


@bp.post("/<kind>/<locale>")
@allowed(policy.may_edit_mails)
def save(kind: str, locale: str) -> BaseResponse | tuple[str, int]:
    _known(kind, locale)
    back = request.form.get("_action") == "reset"
    words, reason = _posted(), request.form.get("reason", "")
    version = request.form.get("version", 0, type=int)
    try:
        with desk().database.write() as session:
            commands.change_mail_text(
                session,
                actor(session),
                desk().wording,
                kind,
                locale,
                None if back else words,
                reason,
                version,
            )
    except Invalid as refusal:
        return _page(kind, locale, words, refusal.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    except Stale:
        late = Problem("/body", _("Orang lain baru saja menyimpan teks ini. Bandingkan dengan riwayatnya."))
        return _page(kind, locale, words, [late]), HTTPStatus.CONFLICT
    flash(_("Teks bawaan dipakai lagi.") if back else _("Teks surel disimpan dan langsung dipakai."), "ok")
    return redirect(f"/pengelola/surel/{kind}/{locale}")


@bp.post("/<kind>/<locale>/pratinjau")
@allowed(policy.may_edit_mails)
def look(kind: str, locale: str) -> Response:
    """The mail with the words as they are typed: its HTML, or its text; what is wrong, where it cannot be."""
    _known(kind, locale)
    words, number = _posted(), request.form.get("number", "").strip().upper()[:20]
    problems = desk().wording.check(kind, locale, words)
    if problems:
        said = "\n".join(problem.message for problem in problems)
        return Response(said, HTTPStatus.UNPROCESSABLE_ENTITY, mimetype="text/plain")
    with desk().database.read() as session:
        case = _case(session, number) if number else None
        if number and case is None:
            return Response(
                _("Usulan %(number)s tidak ditemukan, atau surelnya tidak boleh Anda lihat.", number=number),
                HTTPStatus.UNPROCESSABLE_ENTITY,
                mimetype="text/plain",
            )
        audience = request.form.get("audience", "")
        heard = _audiences(kind)
        audience = audience if audience in heard else heard[0]
        sample = desk().wording.sample(session, kind, locale, words, case, audience)
    if request.form.get("as") == "text":
        return Response(f"{sample.to}\n{sample.subject}\n\n{sample.text}", mimetype="text/plain")
    return Response(sample.html, mimetype="text/html")


# Talisman writes the header after every view; these have their own
_FRAMED = {"content_security_policy": {**CSP, "frame-src": "'self'"}}
edit.talisman_view_options = _FRAMED  # type: ignore[attr-defined]
save.talisman_view_options = _FRAMED  # type: ignore[attr-defined]
look.talisman_view_options = {"content_security_policy": MAIL_CSP}  # type: ignore[attr-defined]


def _page(kind: str, locale: str, posted: Words | None, problems: Sequence[Problem]) -> str:
    with desk().database.read() as session:
        past = mail_texts.history(session, kind, locale)
    newest = past[0] if past else None
    shipped = desk().wording.shipped(kind, locale)
    stands = mail_texts.words_of(newest) or shipped
    return render_template(
        "mail_texts/edit.html",
        kind=kind,
        name=_title(kind),
        locale=locale,
        languages=LANGUAGE_NAMES,
        words=posted or stands,
        version=newest.version if newest else 0,
        newest=newest,
        past=[(row, _difference(row, shipped)) for row in past],
        shipped=shipped,
        difference=_difference(newest, shipped),
        problems=problems,
        placeholders=[(name, _(PLACEHOLDERS[name])) for name in desk().wording.names(kind)],
        audiences=[(name, rule_words.audience(name)) for name in _audiences(kind)],
        when=_when(process(versions()[-1]), kind),
        posted=request.form,
    )


def _case(session: Session, number: str) -> Case | None:
    """A case whose mails this person may read, also those to others."""
    try:
        case = commands.find(session, actor(session), number)
    except NotFound:
        return None
    return case if policy.may_see_all_mail(me(), case) else None


def _known(kind: str, locale: str) -> None:
    if kind not in MAIL_NAMES or locale not in LOCALES:
        raise NotFound


def _posted() -> Words:
    body = request.form.get("body", "").replace("\r\n", "\n").strip()
    return Words(request.form.get("subject", "").strip(), body)


def _title(kind: str) -> str:
    name = _(MAIL_NAMES[kind])
    return name[:1].upper() + name[1:]


def _when(flow: Process, kind: str) -> str:
    """What sends a mail, in words: the first few, and how many more."""
    told = [rule_words.occasion(flow, rule) for rule in _occasions(kind)]
    more = [_("dan %(n)s lagi", n=len(told) - FEW)] if len(told) > FEW else []
    return "; ".join([*told[:FEW], *more])


def _occasions(kind: str) -> list[notice_rules.Rule]:
    """What sends this mail, each occasion once."""
    rules = notice_rules.of_kind(process(versions()[-1]), kind)
    return list({(r.stage, r.step, r.fact, r.state, r.days): r for r in rules}.values())


def _audiences(kind: str) -> list[str]:
    rules = notice_rules.of_kind(process(versions()[-1]), kind)
    return list(dict.fromkeys(rule.audience for rule in rules))


def _difference(row: MailText | None, shipped: Words) -> list[tuple[str, str]]:
    """What differs from the shipped text, line by line: (" " | "-" | "+", line)."""
    words = mail_texts.words_of(row)
    if words is None or words == shipped:
        return []
    before, after = ([text.subject, "", *text.body.splitlines()] for text in (shipped, words))
    return [(line[0], line[2:]) for line in ndiff(before, after) if line[0] != "?"]
