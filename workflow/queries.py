"""What pages and the API read. Every query asks the policy, so that nobody finds what is not theirs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from workflow import conflicts, inbox, policy
from workflow.conflicts import Finding
from workflow.definition import every_state, process, versions
from workflow.models import (
    Agency,
    Case,
    Cohort,
    Conflict,
    Email,
    Event,
    Evidence,
    Grant,
    Participant,
    Review,
    Substitute,
    User,
)
from workflow.recall import and_head, cases_of, person, recall
from workflow.validation import storable

PAGE = 50
LARGEST_PAGE = 200


def below(code: str) -> Select[int]:
    return select(Agency.id).where(
        or_(Agency.code == code, Agency.path.contains(f"/{code}/", autoescape=True))
    )


def states_owned_by(role: str) -> list[str]:
    """The states, of any version of the process, in which it is this role's turn."""
    return sorted(name for name, state in every_state().items() if state.owner == role)


def turn_of(role: str) -> ColumnElement[bool]:
    return Case.state.in_(states_owned_by(role))


def my_turn(user: User) -> ColumnElement[bool]:
    """Cases that wait for this very person."""
    held = [and_(Participant.role == role, turn_of(role)) for role in ("proposer", "mentor", "coach")]
    asked = and_(
        Participant.role == "reviewer",
        Participant.state == Case.state,
        turn_of("reviewer"),
        ~_has_reviewed(user),
    )
    takes_part = (
        select(Case.id)
        .join(Participant, Participant.case_id == Case.id)
        .where(Participant.user_id == user.id, Participant.until.is_(None), or_(*held, asked))
    )
    waits = [takes_part, *(select(Case.id).where(turn) for turn in _turns_of_office(user))]
    return Case.id.in_(union_all(*waits))


def _turns_of_office(user: User) -> Iterator[ColumnElement[bool]]:
    if user.heads_agency and user.agency:
        yield turn_of("agency_head") & Case.agency_id.in_(below(user.agency.code))
        yield turn_of("origin_head") & policy.headed_origin(user)
    if "coordinator" in user.global_roles:
        yield turn_of("coordinator")
    if "organiser" in user.global_roles:
        yield turn_of("organiser") & Case.cohort_id.is_not(None)


def work_of(session: Session, user: User, limit: int = PAGE) -> list[Case]:
    """What waits for this person, soonest deadline first."""
    query = select(Case).where(my_turn(user)).order_by(Case.due_at.asc().nulls_last(), Case.id).limit(limit)
    found = cases_of(session, ("work", limit, *person(user)), query, true())
    return [case for case in found if policy.may_see(user, case) or policy.may_read_redacted(user, case)]


def waiting_for(session: Session, user: User) -> tuple[int, int]:
    """How many cases wait for this person, and how many notices they have not read."""
    work = select(func.count()).select_from(Case).where(my_turn(user))
    unread = and_head(session, inbox.unread(user))
    if unread is not None:
        key = ("waiting", *person(user))
        return recall(session, key, int, lambda: session.scalar(work) or 0), int(unread)
    row = session.execute(select(work.scalar_subquery(), inbox.unread(user))).one()
    return row[0], row[1]


def review_queue(session: Session, user: User) -> tuple[list[Case], int]:
    """What this reviewer still owes, fewest reviews first, and how many reviews they have given."""
    given = (
        select(func.count(Review.id))
        .where(Review.case_id == Case.id, Review.visit == Case.visit)
        .scalar_subquery()
    )
    owed = session.scalars(
        select(Case)
        .where(turn_of("reviewer"), _reviews_now(user), ~_has_reviewed(user))
        .order_by(given, Case.due_at.asc().nulls_last(), Case.id)
    )
    done = session.scalar(select(func.count()).select_from(Review).where(Review.reviewer_id == user.id)) or 0
    return list(owed), done


def _reviews_now(user: User) -> ColumnElement[bool]:
    return exists(
        select(Participant.id).where(
            Participant.case_id == Case.id,
            Participant.user_id == user.id,
            Participant.role == "reviewer",
            Participant.state == Case.state,
            Participant.until.is_(None),
        )
    )


def _has_reviewed(user: User) -> ColumnElement[bool]:
    return exists(
        select(Review.id).where(
            Review.case_id == Case.id, Review.visit == Case.visit, Review.reviewer_id == user.id
        )
    )


def events_of(session: Session, case: Case) -> list[Event]:
    return list(session.scalars(select(Event).where(Event.case_id == case.id).order_by(Event.seq)))


def emails_of(session: Session, case: Case) -> list[Email]:
    return list(
        session.scalars(
            select(Email)
            .join(Event, Event.id == Email.event_id)
            .where(Event.case_id == case.id)
            .order_by(Email.id)
        )
    )


def reviews_ever(session: Session, case: Case) -> list[Review]:
    return list(session.scalars(select(Review).where(Review.case_id == case.id).order_by(Review.id)).unique())


def feed(session: Session, after: int, limit: int) -> list[Event]:
    """All events behind a position of the global order, oldest first."""
    return list(session.scalars(select(Event).where(Event.id > after).order_by(Event.id).limit(limit)))


def evidence_of(session: Session, case: Case) -> list[Evidence]:
    return list(
        session.scalars(
            select(Evidence)
            .where(Evidence.case_id == case.id, Evidence.withdrawn_at.is_(None))
            .order_by(Evidence.id)
        )
    )


def numbers_by_id(session: Session, ids: set[int]) -> dict[int, str]:
    rows = session.execute(select(Case.id, Case.number).where(Case.id.in_(ids))) if ids else ()
    return {row[0]: row[1] for row in rows}


def people_by_id(session: Session, ids: set[int]) -> dict[int, User]:
    if not ids:
        return {}
    return {u.id: u for u in session.scalars(select(User).where(User.id.in_(ids))).unique()}


def reviewers(session: Session) -> list[User]:
    """Everybody who could be asked to review, by name."""
    return list(
        session.scalars(
            select(User)
            .where(User.id.in_(select(Grant.user_id).where(Grant.role == "reviewer")))
            .order_by(User.name)
        ).unique()
    )


def reviewers_for(session: Session, case: Case, now: datetime) -> list[tuple[User, list[Finding]]]:
    """Everybody who could be asked to review this case, each with what speaks against it."""
    pool = [user for user in reviewers(session) if policy.is_active(user, now)]
    found = conflicts.of_pairs(session, [case], pool, now)
    return [(user, found.get((case.id, user.id), [])) for user in pool]


def funnel(session: Session) -> dict[str, int]:
    """How many innovation cases have reached each stage, by stage in order.

    Public, so without drafts; nor what was withdrawn in the first stage, which may never have been more.
    """
    stages = process(versions()[-1]).pipeline("innovation")
    first = stages[0]
    unsaid = {first.start, *(name for name, state in first.states.items() if state.outcome == "withdrawn")}
    stage_now = {stage.name: 0 for stage in stages}
    query = (
        select(Case.state, func.count())
        .where(
            Case.pipeline == "innovation",
            Case.voided_at.is_(None),
            Case.state.not_in(unsaid),
        )
        .group_by(Case.state)
    )

    def count_them() -> list[tuple[str, int]]:
        return [(row[0], row[1]) for row in session.execute(query)]

    for state, count in recall(session, "funnel", lambda rows: sum(row[1] for row in rows), count_them):
        stage_now[state.partition(".")[0]] += count
    reached, total = {}, 0
    for stage in reversed(stages):
        total += stage_now[stage.name]
        reached[stage.name] = total
    return dict(reversed(reached.items()))


def public() -> ColumnElement[bool]:
    """The one rule of what the public may know of, in every state of these stages.

    Innovations that have become the agency's: past the proposal, or registered there; never undone. So
    no draft, nothing that is still judged as a proposal, and no adoption under way.
    """
    first = process(versions()[-1]).pipeline("innovation")[0].name
    return and_(
        Case.pipeline == "innovation",
        Case.voided_at.is_(None),
        or_(~Case.state.startswith(f"{first}.", autoescape=True), Case.outcome == "advanced"),
    )


def known_to(user: User) -> ColumnElement[bool]:
    """Innovations this person may see, and those that everybody may know of."""
    return and_(Case.pipeline == "innovation", or_(policy.visible(user), public()))


@dataclass(frozen=True)
class Figures:
    """Counts that the front page shows."""

    registered: int
    digital: int
    agencies: int
    running: int


def public_figures(session: Session) -> Figures:
    query = select(
        func.count(),
        func.count().filter(Case.category == "digital"),
        func.count(func.distinct(Case.agency_id)),
        func.count().filter(Case.outcome.is_(None)),
    ).where(public())
    key = "public figures"
    return recall(session, key, lambda held: held.registered, lambda: Figures(*session.execute(query).one()))


def public_recent(session: Session, limit: int = 6) -> list[Case]:
    query = select(Case).where(public()).order_by(Case.entered_at.desc(), Case.id).limit(limit)
    return cases_of(session, ("public recent", limit), query, public())


def review_load(session: Session) -> dict[int, int]:
    """How many reviews each person still owes, by user id."""
    rows = session.execute(
        select(Participant.user_id, func.count())
        .join(Case, Case.id == Participant.case_id)
        .where(
            Participant.role == "reviewer",
            Participant.until.is_(None),
            Participant.state == Case.state,
        )
        .where(
            ~exists(
                select(Review.id).where(
                    Review.case_id == Case.id,
                    Review.visit == Case.visit,
                    Review.reviewer_id == Participant.user_id,
                )
            )
        )
        .group_by(Participant.user_id)
    )
    return {row[0]: row[1] for row in rows}


def counts_by_state(session: Session) -> dict[str, int]:
    """How many cases stand in each state, but for those that an undone import brought."""
    query = select(Case.state, func.count()).where(Case.voided_at.is_(None)).group_by(Case.state)
    return {row[0]: row[1] for row in session.execute(query)}


# --- cohorts and rounds -----------------------------------------------------------------------------


def cohorts(session: Session) -> list[Cohort]:
    """Newest first."""
    return list(session.scalars(select(Cohort).order_by(Cohort.year.desc(), Cohort.name)))


def cohort(session: Session, code: str) -> Cohort | None:
    if not storable(code):
        return None
    return session.scalars(select(Cohort).where(Cohort.code == code)).one_or_none()


def cohort_sizes(session: Session, user: User) -> list[dict[str, Any]]:
    """Every cohort with how many of its cases this person may see."""
    rows = session.execute(
        select(Case.cohort_id, func.count())
        .where(policy.visible(user), Case.cohort_id.is_not(None))
        .group_by(Case.cohort_id)
    )
    counts = {row[0]: row[1] for row in rows}
    return [
        {"name": c.name, "year": c.year, "cases": counts.get(c.id, 0), "href": f"/angkatan/{c.code}"}
        for c in cohorts(session)
    ]


def cohort_cases(session: Session, user: User, held: Cohort) -> list[Case]:
    return list(
        session.scalars(
            select(Case).where(policy.visible(user), Case.cohort_id == held.id).order_by(Case.number)
        )
    )


def cases_in(session: Session, user: User, state: str, cohort_code: str, limit: int) -> list[Case]:
    """The cases of a state, of one cohort where given, soonest deadline first."""
    query = select(Case).where(policy.visible(user), Case.state == state)
    if cohort_code and storable(cohort_code):
        query = query.where(Case.cohort_id.in_(select(Cohort.id).where(Cohort.code == cohort_code)))
    return list(session.scalars(query.order_by(Case.due_at.asc().nulls_last(), Case.id).limit(limit)))


def reviews_by_state(session: Session, user: User, held: Cohort) -> dict[str, dict[Case, list[Review]]]:
    """The reviews of each case's latest round in every state, for those cases of a cohort that have any."""
    cases = {case.id: case for case in cohort_cases(session, user, held)}
    rows = session.scalars(select(Review).where(Review.case_id.in_(cases)).order_by(Review.visit, Review.id))
    found: dict[str, dict[Case, list[Review]]] = {}
    for review in rows.unique():
        given = found.setdefault(review.state, {})
        before = given.get(cases[review.case_id], [])
        same = [r for r in before if r.visit == review.visit]
        given[cases[review.case_id]] = [*same, review]
    return found


def reviews_given(session: Session) -> dict[int, int]:
    """How many reviews each person has given, by user id."""
    rows = session.execute(select(Review.reviewer_id, func.count()).group_by(Review.reviewer_id))
    return {row[0]: row[1] for row in rows}


def absences(session: Session, today: date) -> dict[int, list[Substitute]]:
    """Present and coming stand-ins, by the id of the one who is away, soonest first."""
    rows = session.scalars(
        select(Substitute)
        .where(Substitute.ended_at.is_(None), Substitute.ends_on >= today)
        .order_by(Substitute.starts_on)
    )
    found: dict[int, list[Substitute]] = {}
    for row in rows.unique():
        found.setdefault(row.user_id, []).append(row)
    return found


def declarable(session: Session, user: User) -> list[tuple[Case, Conflict | None]]:
    """Open innovations a reviewer may be asked about, with what they declared: title and agency only.

    Not those that come to a blind round: there the list would say whose number it is.
    """
    reviewed = [name for name, state in every_state().items() if state.review]
    stages = {name.partition(".")[0] for name in reviewed}
    near = or_(*(Case.state.startswith(f"{stage}.", autoescape=True) for stage in stages))
    blind = [and_(Case.process == v, Case.state.in_(sorted(process(v).before_blind()))) for v in versions()]
    rows = session.execute(
        select(Case, Conflict)
        .outerjoin(
            Conflict,
            and_(
                Conflict.case_id == Case.id,
                Conflict.user_id == user.id,
                Conflict.declared_at.is_not(None),
                Conflict.dismissed_at.is_(None),
            ),
        )
        .where(Case.outcome.is_(None), Case.voided_at.is_(None), near, ~Case.state.endswith(".draft"))
        .where(~or_(*blind))
        .order_by(Conflict.id.is_(None), Case.title)
        .limit(LARGEST_PAGE)
    )
    return [(row[0], row[1]) for row in rows]
