"""Rounds of review that lack reviewers, or are over and lack reviews: for those who assign there."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from workflow import policy
from workflow.definition import ReviewRule, every_state
from workflow.guards import missing
from workflow.models import Agency, Case, Participant, Review, User
from workflow.recall import lateness, person, recall

SHOWN = 20


@dataclass(frozen=True)
class Lot:
    """The first of some cases, soonest deadline first, and how many there are in all."""

    cases: list[Case]
    total: int


def needing_reviewers(session: Session, user: User) -> Lot:
    """Cases under review that lack reviewers, for those who may assign them."""
    if not rules_of(user):
        return Lot([], 0)
    return _first(session, user, "lacking", lacks_reviewers(user))


def short_rounds(session: Session, user: User, now: datetime) -> tuple[Lot, dict[int, str]]:
    """Rounds whose time is over without a quorum, for those who assign there; what each lacks, by its id."""
    rules = rules_of(user)
    if not rules:
        return Lot([], 0), {}
    lot = _first(session, user, ("short", lateness(now)), lacks_reviews(user, now))
    found = select(Review).where(Review.case_id.in_([case.id for case in lot.cases]))
    given: dict[tuple[int, int], list[Review]] = {}
    for review in session.scalars(found).unique() if lot.cases else ():
        given.setdefault((review.case_id, review.visit), []).append(review)
    told = {c.id: missing(c, rules[c.state], given.get((c.id, c.visit), []), now) for c in lot.cases}
    return lot, {id_: reason.message for id_, reason in told.items() if reason is not None}


def rules_of(user: User) -> dict[str, ReviewRule]:
    """The rules of the states in which this person may assign reviewers."""
    return {name: rule for name, rule in _rules().items() if set(rule.assign) & user.global_roles}


def lacks_reviewers(user: User) -> ColumnElement[bool]:
    """Where this person may assign; for somebody who may do so nowhere, in every round."""
    assigned = (
        select(func.count(Participant.id))
        .where(
            Participant.case_id == Case.id,
            Participant.role == "reviewer",
            Participant.state == Case.state,
            Participant.until.is_(None),
        )
        .correlate(Case)
        .scalar_subquery()
    )
    rules = rules_of(user) or _rules()
    return or_(
        false(), *(and_(Case.state == name, assigned < rule.reviewers) for name, rule in rules.items())
    )


def lacks_reviews(user: User, now: datetime) -> ColumnElement[bool]:
    """`guards.missing` of a round that is over, as SQL; the two are held together by a test."""
    rules = rules_of(user) or _rules()
    short = (and_(Case.state == name, _is_short(rule)) for name, rule in rules.items())
    return and_(Case.due_at <= now, or_(false(), *short))


def _is_short(rule: ReviewRule) -> ColumnElement[bool]:
    few = _given() < rule.quorum
    return or_(few, _given(outside=True) < rule.outside) if rule.outside else few


def _given(*, outside: bool = False) -> ColumnElement[int]:
    """How many reviews of the present round count; of those from outside the case's agency where asked."""
    here = and_(Review.case_id == Case.id, Review.visit == Case.visit, Review.set_aside_at.is_(None))
    query = select(func.count(Review.id)).where(here)
    if outside:
        home, own = aliased(Agency), aliased(Agency)
        below = home.path.startswith(own.path)
        above = own.path.startswith(home.path)
        query = (
            query.join(User, User.id == Review.reviewer_id)
            .outerjoin(home, home.id == User.agency_id)
            .join(own, own.id == Case.agency_id)
            .where(or_(home.id.is_(None), and_(~below, ~above)))
        )
    return query.correlate(Case).scalar_subquery()


def _rules() -> dict[str, ReviewRule]:
    return {name: state.review for name, state in every_state().items() if state.review}


def _first(session: Session, user: User, kind: Hashable, asked: ColumnElement[bool]) -> Lot:
    query = (
        select(Case.id, func.count().over())
        .where(policy.visible(user), Case.state.in_(_rules()), asked)
        .order_by(Case.due_at.asc().nulls_last(), Case.id)
        .limit(SHOWN)
    )
    key = (kind, *person(user))
    rows: list[tuple[int, int]] = recall(
        session, key, len, lambda: [(row[0], row[1]) for row in session.execute(query)]
    )
    order = {id_: place for place, (id_, _total) in enumerate(rows)}
    held = session.scalars(select(Case).where(Case.id.in_(order), policy.visible(user)))
    return Lot(sorted(held, key=lambda case: order[case.id]), rows[0][1] if rows else 0)
