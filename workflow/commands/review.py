"""Judging: a reviewer's answer to the rubric of the state."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflow import conflicts, dates, policy
from workflow.commands.advance import autopilot
from workflow.commands.find import find_for_review, last_asked
from workflow.conflicts import Finding
from workflow.definition import ReviewRule, process
from workflow.errors import Forbidden, Invalid, Reason, Refused
from workflow.ledger import Actor, record
from workflow.models import Case, Draft, Review, User
from workflow.validation import draft_problems, require, schema


def give_review(session: Session, actor: Actor, number: str, document: Mapping[str, Any]) -> Review:
    """Record a reviewer's judgement of the present visit; once given it stands.

    Does not touch the case's version, so that reviewers never block each other.
    Raises NotFound, Refused (no review here, or already given), Forbidden, Invalid.
    """
    case = find_for_review(session, actor, number, lock=True)
    rule, reviewer = _desk(case, actor)
    if _given(session, case, reviewer):
        raise Refused([Reason("reviewed", "Anda sudah memberi penilaian pada putaran ini.")])
    barred = conflicts.standing(session, case, reviewer, actor.at)
    if barred:
        raise Refused([Reason("conflict", _barring(case, reviewer, barred))])
    require(rule.rubric, document, actor.locale)
    score = weighted(rule.rubric, document["scores"])
    data = {"state": case.state, "visit": case.visit, "rubric": rule.rubric}
    flow = process(case.process)
    event = record(
        session,
        case,
        actor,
        "reviewer",
        "case.reviewed",
        data,
        {"review": dict(document)},
        autopilot(flow, case),
    )
    review = Review(
        case_id=case.id,
        state=case.state,
        visit=case.visit,
        reviewer_id=reviewer.id,
        event_id=event.id,
        recommendation=document["recommendation"],
        scores=document["scores"],
        score=str(score),
        comment=document["comment"],
        submitted_at=actor.at,
    )
    session.add(review)
    session.execute(
        delete(Draft).where(
            Draft.case_id == case.id, Draft.form == rule.rubric, Draft.user_key == reviewer.id
        )
    )
    session.flush()
    return review


def _barring(case: Case, reviewer: User, barred: list[Finding]) -> str:
    """Why this person may not judge; whoever reviews blind does not learn whose case it is."""
    if policy.is_blind(reviewer, case):
        return "Ada benturan kepentingan antara Anda dan usulan ini; koordinator dapat menjelaskannya."
    return " ".join(found.message for found in barred)


def save_review_draft(session: Session, actor: Actor, number: str, document: Mapping[str, Any]) -> Draft:
    """Keep an unfinished review; only its reviewer ever sees it.

    Also for one whose assignment has ended meanwhile, or whose round has: what was written is never lost.
    """
    case = find_for_review(session, actor, number, lock=True)
    rubric, reviewer = desk_of(case, actor)
    if _given(session, case, reviewer):
        raise Refused([Reason("reviewed", "Anda sudah memberi penilaian pada putaran ini.")])
    problems = draft_problems(rubric, document, actor.locale)
    if problems:
        raise Invalid(problems, dict(document))
    draft = review_draft(session, case, rubric, reviewer)
    if draft is None:
        draft = Draft(
            case_id=case.id,
            form=rubric,
            user_key=reviewer.id,
            data={},
            revision=0,
            saved_by=reviewer.id,
            saved_at=actor.at,
        )
        session.add(draft)
    draft.data, draft.saved_at = dict(document), actor.at
    draft.revision += 1
    session.flush()
    return draft


def review_draft(session: Session, case: Case, rubric: str, reviewer: User) -> Draft | None:
    return session.scalars(
        select(Draft).where(Draft.case_id == case.id, Draft.form == rubric, Draft.user_key == reviewer.id)
    ).one_or_none()


def weighted(rubric: str, scores: Mapping[str, int]) -> Decimal:
    """Σ weight × score / Σ weight over the rubric's criteria, 0 to 100, two places, half up."""
    criteria = schema(rubric)["properties"]["scores"]["properties"]
    weights = {name: Decimal(str(c.get("x-weight", 1))) for name, c in criteria.items()}
    total = sum((weights[name] * scores[name] for name in scores), Decimal(0))
    parts = sum((weights[name] for name in scores), Decimal(0))
    return (total / parts).quantize(Decimal("0.01"), ROUND_HALF_UP)


def desk_of(case: Case, actor: Actor) -> tuple[str, User]:
    """The rubric a person was asked to answer here last, whatever became of it. Raises Forbidden."""
    asked = last_asked(case, actor.user) if actor.user else None
    rule = process(case.process).states[asked.state].review if asked and asked.state else None
    if rule is None or actor.user is None:
        raise Forbidden("Anda tidak ditugaskan menelaah usulan ini.")
    return rule.rubric, actor.user


def closed(case: Case, user: User) -> Reason | None:
    """Why a person who was asked can no longer judge; None while they can."""
    asked = last_asked(case, user)
    if asked is None:
        return Reason("assigned", "Anda tidak ditugaskan menelaah usulan ini.")
    if asked.until is not None:
        when = dates.long_moment(asked.until)
        return Reason("released", f"Penugasan Anda dicabut pada {when}. Draf Anda tetap tersimpan.")
    if asked.state != case.state:
        return Reason("state", "Putaran penelaahan ini sudah ditutup. Draf Anda tetap tersimpan.")
    return None


def _desk(case: Case, actor: Actor) -> tuple[ReviewRule, User]:
    if actor.user is None:
        raise Forbidden("Anda tidak ditugaskan menelaah usulan ini.")
    reason = closed(case, actor.user)
    rule = process(case.process).states[case.state].review
    if reason is not None and reason.guard != "state":
        raise Forbidden(reason.message)
    if reason is not None or rule is None:
        raise Refused([reason or Reason("state", "Usulan ini tidak sedang ditelaah.")])
    return rule, actor.user


def _given(session: Session, case: Case, reviewer: User) -> bool:
    return (
        session.scalar(
            select(Review.id).where(
                Review.case_id == case.id,
                Review.visit == case.visit,
                Review.reviewer_id == reviewer.id,
            )
        )
        is not None
    )
