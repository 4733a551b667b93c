"""Looking at the redacted copy of a case, and writing parts of it anew."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from workflow import policy, redaction
from workflow.commands.find import find
from workflow.definition import process
from workflow.errors import Forbidden, Invalid, Problem, Stale
from workflow.ledger import Actor, record
from workflow.models import Case, Event
from workflow.validation import storable


def redact(
    session: Session, actor: Actor, number: str, texts: Mapping[str, str], seen: str | None = None
) -> Event:
    """Say that the copy was looked at, with the texts (by place) that a person wants otherwise.

    A text equal to the automatic one is none of these. `seen` is the revision of the answers that was
    looked at. Raises NotFound, Forbidden outside a blind round and for whoever does not assign its
    reviewers, Stale where the answers have changed, Invalid with every problem.
    """
    case = find(session, actor, number, lock=True)
    if actor.user is None or not policy.may_redact(actor.user, case):
        raise Forbidden("Salinan tersamar diperiksa oleh yang menugaskan penelaah, selama putaran tersamar.")
    revision = redaction.revision_of(case)
    if seen is not None and seen != revision:
        raise Stale(seen, revision)
    copy = redaction.copy_of(session, case)
    known = {text.at: text for text in copy.texts}
    faults = [Problem(f"/{at}", "Bagian ini tidak ada pada isian.") for at in texts if at not in known]
    faults += [
        Problem(f"/{at}", f"Isi 1 sampai {redaction.LONGEST} karakter, tanpa karakter kendali.")
        for at, text in texts.items()
        if at in known and not (text.strip() and len(text) <= redaction.LONGEST and storable(text))
    ]
    if faults:
        raise Invalid(faults)
    chosen = {
        at: {"was": redaction.fingerprint(text.original), "text": _written(texts, text)}
        for at, text in known.items()
        if _written(texts, text) != copy.redact(text.original).strip()
    }
    data = {"of": revision, "edited": len(chosen)}
    return record(session, case, actor, _role(actor, case), redaction.CHECKED, data, {"texts": chosen})


def _written(texts: Mapping[str, str], text: redaction.Text) -> str:
    return texts.get(text.at, text.shown).replace("\r\n", "\n").strip()


def _role(actor: Actor, case: Case) -> str:
    rule = process(case.process).states[case.state].review
    roles = policy.roles_on(actor.user, case) if actor.user else frozenset()
    return next(role for role in (rule.assign if rule else ()) if role in roles)
