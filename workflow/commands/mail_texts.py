"""Changing the words of a mail, version by version. That concerns no case, so no event tells of it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import mail_texts, policy
from workflow.errors import Forbidden, Invalid, NotFound, Problem, Stale
from workflow.ledger import Actor
from workflow.mail_texts import LOCALES, LONGEST_BODY, LONGEST_REASON, LONGEST_SUBJECT, Wording, Words
from workflow.models import Chain, MailText
from workflow.phrases import MAIL_NAMES
from workflow.validation import storable


def change_mail_text(
    session: Session,
    actor: Actor,
    wording: Wording,
    kind: str,
    locale: str,
    words: Words | None,
    reason: str,
    version: int,
) -> MailText:
    """Let a mail have these words from now on; None: those it came with.

    `version` is the one that was changed, 0 for the first. Raises Forbidden, NotFound, Invalid with every
    problem, or Stale where somebody else was faster.
    """
    if actor.user is None or not policy.may_edit_mails(actor.user):
        raise Forbidden
    if kind not in MAIL_NAMES or locale not in LOCALES:
        raise NotFound
    faults = [*_faults(words, reason), *(wording.check(kind, locale, words) if words else [])]
    if faults:
        raise Invalid(faults)
    session.scalars(select(Chain).where(Chain.id == 1).with_for_update()).one()  # versions come one by one
    last = mail_texts.standing(session, kind, locale)
    if (last.version if last else 0) != version:
        raise Stale(str(version), str(last.version if last else 0))
    row = MailText(
        kind=kind,
        locale=locale,
        version=version + 1,
        subject=words.subject if words else None,
        body=words.body if words else None,
        reason=reason.strip(),
        set_by=actor.user.id,
        set_at=actor.at,
    )
    session.add(row)
    session.flush()
    return row


def _faults(words: Words | None, reason: str) -> list[Problem]:
    found = []
    if not reason.strip() or len(reason) > LONGEST_REASON or not storable(reason):
        found.append(Problem("/reason", "Sampaikan alasan perubahan, paling panjang 500 karakter."))
    if words is None:
        return found
    for pointer, text, longest, title in (
        ("/subject", words.subject, LONGEST_SUBJECT, "Perihal"),
        ("/body", words.body, LONGEST_BODY, "Isi"),
    ):
        if not text.strip():
            found.append(Problem(pointer, f"{title} wajib diisi."))
        elif len(text) > longest or not storable(text):
            found.append(
                Problem(pointer, f"{title} terlalu panjang (maksimal {longest} karakter) atau rusak.")
            )
    return found
