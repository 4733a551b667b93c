"""Conflicts of interest: what speaks against a person judging a case, found in the records or declared.

Grounds and what they rest on: `insider` (own proposal, team, mentor, coach), `agency` (works in the case's
agency, above or below it), `team` (was on another case together with its people), `former` (worked in the
case's agency less than `FORMER_POST_DAYS` ago; our rule, no regulation names one), `declared`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import dates, policy
from workflow.calendar import wib_date
from workflow.models import Agency, Case, Conflict, Participant, User

FORMER_POST_DAYS = 2 * 365
DECLARED = "declared"
INSIDERS = frozenset({"proposer", "co_author", "mentor", "coach"})
TEAM = frozenset({"proposer", "co_author", "mentor"})

Pair = tuple[int, int]
"""Ids of a case and a person."""


@dataclass(frozen=True)
class Finding:
    """One conflict in words. `ground` names kind and circumstance: a dismissal covers no other."""

    ground: str
    message: str
    dismissible: bool
    dismissed: bool = False


def between(session: Session, case: Case, user: User, now: datetime) -> list[Finding]:
    """Every conflict of this pair, dismissed ones included."""
    return of_pairs(session, [case], [user], now).get((case.id, user.id), [])


def standing(session: Session, case: Case, user: User, now: datetime) -> list[Finding]:
    """The conflicts that bar this person from this case; empty if there is none."""
    return [finding for finding in between(session, case, user, now) if not finding.dismissed]


def of_pairs(
    session: Session, cases: Iterable[Case], users: Iterable[User], now: datetime
) -> dict[Pair, list[Finding]]:
    """Every conflict among these cases and people, by pair; in a number of queries that does not grow."""
    cases, users = list(cases), list(users)
    said = _said(session, cases, users)
    former = _former_agencies(session, users)
    together = _teams(session, users)
    found: dict[Pair, list[Finding]] = {}
    for case in cases:
        for user in users:
            rows = said.get((case.id, user.id), {})
            grounds = [
                *_insider(case, user),
                *_agency(case, user),
                *_team(case, user, together),
                *_former(case, user, former, wib_date(now)),
                *_declared(user, rows),
            ]
            if grounds:
                found[case.id, user.id] = [_with_dismissal(g, rows) for g in grounds]
    return found


def _with_dismissal(finding: Finding, rows: Mapping[str, Conflict]) -> Finding:
    row = rows.get(finding.ground)
    dismissed = finding.dismissible and row is not None and row.dismissed_at is not None
    return Finding(finding.ground, finding.message, finding.dismissible, dismissed)


def _insider(case: Case, user: User) -> list[Finding]:
    if any(p.user_id == user.id and p.role in INSIDERS for p in case.participants):
        return [Finding("insider", f"{user.name} terlibat dalam usulan ini.", dismissible=False)]
    return []


def _agency(case: Case, user: User) -> list[Finding]:
    text = policy.agency_conflict(user, case.agency)
    if text is None or user.agency is None:
        return []
    return [Finding(f"agency:{user.agency.code}", text, dismissible=True)]


def _team(case: Case, user: User, together: Mapping[int, Mapping[str, set[int]]]) -> list[Finding]:
    people = {p.user_id for p in case.participants if p.role in TEAM}
    return [
        Finding(
            f"team:{number}",
            f"{user.name} pernah satu tim dengan pengusul atau mentor usulan ini ({number}).",
            dismissible=True,
        )
        for number, members in together.get(user.id, {}).items()
        if number != case.number and members & people
    ]


def _former(case: Case, user: User, former: Mapping[str, Agency], today: date) -> list[Finding]:
    found = []
    for post in user.former_posts or []:
        agency, until = former.get(post["agency"]), date.fromisoformat(post["until"])
        if agency is None or until + timedelta(days=FORMER_POST_DAYS) < today:
            continue
        if case.agency.path.startswith(agency.path) or agency.path.startswith(case.agency.path):
            text = f"{user.name} bertugas di {agency.short_name} sampai {dates.long_date(until)}."
            found.append(Finding(f"former:{agency.code}", text, dismissible=True))
    return found


def _declared(user: User, rows: Mapping[str, Conflict]) -> list[Finding]:
    row = rows.get(DECLARED)
    if row is None or row.declared_at is None:
        return []
    return [Finding(DECLARED, f"{user.name} menyatakan benturan kepentingan.", dismissible=True)]


def _said(session: Session, cases: list[Case], users: list[User]) -> dict[Pair, dict[str, Conflict]]:
    found: dict[Pair, dict[str, Conflict]] = {}
    rows = session.scalars(
        select(Conflict)
        .where(Conflict.case_id.in_({c.id for c in cases}), Conflict.user_id.in_({u.id for u in users}))
        .execution_options(populate_existing=True)
    )
    for row in rows:
        found.setdefault((row.case_id, row.user_id), {})[row.ground] = row
    return found


def _former_agencies(session: Session, users: list[User]) -> dict[str, Agency]:
    codes = {post["agency"] for user in users for post in user.former_posts or []}
    if not codes:
        return {}
    return {a.code: a for a in session.scalars(select(Agency).where(Agency.code.in_(codes)))}


def _teams(session: Session, users: list[User]) -> dict[int, dict[str, set[int]]]:
    """For each person: the cases they were part of, by number, and everybody who was with them."""
    mine = select(Participant.case_id).where(
        Participant.user_id.in_({u.id for u in users}), Participant.role.in_(TEAM)
    )
    members: dict[str, set[int]] = {}
    for number, user_id in session.execute(
        select(Case.number, Participant.user_id)
        .join(Case, Case.id == Participant.case_id)
        .where(Participant.case_id.in_(mine), Participant.role.in_(TEAM))
    ):
        members.setdefault(number, set()).add(user_id)
    found: dict[int, dict[str, set[int]]] = {}
    for user in users:
        with_them = {n: ids - {user.id} for n, ids in members.items() if user.id in ids}
        if with_them:
            found[user.id] = with_them
    return found
