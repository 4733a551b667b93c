"""A balanced proposal: who should review which case, why, and why not somebody else.

An integer programme, solved by HiGHS: every case gets the reviewers its stage asks for, enough of them from
outside its agency; nobody with a conflict of interest; then load as even as possible, then expertise. The
same cases and people give the same proposal. It changes nothing: `commands.assign_all` does, checking anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from workflow import conflicts, dates, policy, queries, substitutes
from workflow.affairs import affairs
from workflow.calendar import wib_date
from workflow.conflicts import Finding, Pair
from workflow.definition import ReviewRule, process
from workflow.guards import is_outside
from workflow.models import Case, User

SECONDS = 10.0
MISSING, MISSING_OUTSIDE, BUSIER, MAIN_AFFAIR, OTHER_AFFAIR, CATEGORY = 1000.0, 300.0, 10.0, 4.0, 2.0, 1.0


@dataclass(frozen=True)
class Choice:
    """One proposed assignment and what speaks for it."""

    reviewer: User
    why: str


@dataclass(frozen=True)
class Line:
    """One case: who reviews it already, who should, how many nobody can be found for, and why not others."""

    case: Case
    rule: ReviewRule
    kept: list[User]
    chosen: list[Choice]
    missing: int
    others: list[tuple[User, str]]


@dataclass(frozen=True)
class Proposal:
    """Lines in the order of the cases, and everybody's open reviews before and after."""

    lines: list[Line]
    before: Mapping[int, int]
    after: Mapping[int, int]
    pool: list[User]

    @property
    def pairs(self) -> list[tuple[str, int]]:
        return [(line.case.number, choice.reviewer.id) for line in self.lines for choice in line.chosen]


@dataclass
class _Problem:
    """What the programme is made of: who may review what, at which gain, and what is needed."""

    cases: Sequence[Case]
    pool: Sequence[User]
    load: Mapping[int, int]
    barred: dict[Pair, str] = field(default_factory=dict)
    gain: dict[Pair, float] = field(default_factory=dict)
    need: dict[int, int] = field(default_factory=dict)
    outside: dict[int, int] = field(default_factory=dict)


def propose(session: Session, cases: Sequence[Case], now: datetime) -> Proposal:
    """The best assignment of reviewers to cases that all stand in a state with reviews."""
    pool = [user for user in queries.reviewers(session) if policy.is_active(user, now)]
    load = queries.review_load(session)
    found = conflicts.of_pairs(session, cases, pool, now)
    away = substitutes.on(session, wib_date(now))
    problem = _Problem(cases, pool, load)
    for case in cases:
        rule = rule_of(case)
        held = case.holders("reviewer", case.state)
        problem.need[case.id] = max(rule.reviewers - len(held), 0)
        problem.outside[case.id] = max(rule.outside - sum(is_outside(u, case) for u in held), 0)
        for user in pool:
            why_not = _bar(case, user, found.get((case.id, user.id), []), away)
            if user not in held and why_not is None:
                problem.gain[case.id, user.id] = fit(user, case)
            elif why_not is not None:
                problem.barred[case.id, user.id] = why_not
    chosen = _solve(problem)
    after = {user.id: load.get(user.id, 0) + sum(u == user.id for _c, u in chosen) for user in pool}
    return Proposal([_line(problem, case, chosen, after) for case in cases], load, after, pool)


def rule_of(case: Case) -> ReviewRule:
    rule = process(case.process).states[case.state].review
    if rule is None:
        raise LookupError(f"{case.state} has no review")
    return rule


def fit(user: User, case: Case) -> float:
    """How well a person's expertise matches a case: its main urusan, its others, its category."""
    known = user.expertise.get("affairs", [])
    main, others = affairs(case)
    return (
        MAIN_AFFAIR * (main in known)
        + OTHER_AFFAIR * any(o in known for o in others)
        + CATEGORY * (case.category in user.expertise.get("categories", []))
    )


def _bar(case: Case, user: User, found: list[Finding], away: Mapping[int, User]) -> str | None:
    standing = [f.message for f in found if not f.dismissed]
    if standing:
        return " ".join(standing)
    if user.id in away:
        return f"{user.name} sedang digantikan oleh {away[user.id].name}."
    if user.expires_at is not None and case.due_at is not None and user.expires_at < case.due_at:
        return f"Akses {user.name} berakhir {dates.long_date(user.expires_at)}, sebelum batas waktu telaah."
    return None


def _line(problem: _Problem, case: Case, chosen: set[Pair], after: Mapping[int, int]) -> Line:
    held = case.holders("reviewer", case.state)
    mine = [user for user in problem.pool if (case.id, user.id) in chosen]
    busiest = max((after[user.id] for user in mine), default=0)
    return Line(
        case,
        rule_of(case),
        held,
        [Choice(user, _why(user, case, after[user.id])) for user in mine],
        problem.need[case.id] - len(mine),
        [
            (user, problem.barred.get((case.id, user.id)) or _why_not(user, case, after[user.id], busiest))
            for user in problem.pool
            if user not in held and user not in mine
        ],
    )


def _why(user: User, case: Case, load: int) -> str:
    known, categories = (
        user.expertise.get("affairs", []),
        user.expertise.get("categories", []),
    )
    main, others = affairs(case)
    reasons = []
    if main in known:
        reasons.append(f"menguasai urusan {main}")
    shared = next((o for o in others if o in known), None)
    if shared is not None:
        reasons.append(f"menguasai urusan terkait {shared}")
    if case.category in categories:
        reasons.append(
            "terbiasa dengan inovasi " + ("digital" if case.category == "digital" else "non digital")
        )
    if is_outside(user, case) and user.agency is None:
        reasons.append("dari luar pemerintah daerah")
    return ", ".join([*reasons, f"{load} telaah seluruhnya"])


def _why_not(user: User, case: Case, load: int, busiest: int) -> str:
    if load > busiest:
        return f"sudah mendapat {load} telaah"
    if not fit(user, case):
        return f"tidak ada keahlian yang cocok; {load} telaah"
    return f"dapat, tetapi susunan ini lebih merata; {load} telaah"


def _solve(problem: _Problem) -> set[Pair]:
    """The chosen pairs of case and person."""
    if not problem.gain:
        return set()
    import highspy  # noqa: PLC0415 - with numpy 0.3 s and 25 MB, which only a proposal needs

    model = highspy.Highs()  # type: ignore[no-untyped-call]
    model.silent()
    model.setOptionValue("time_limit", SECONDS)
    model.setOptionValue("threads", 1)
    take = {pair: model.addBinary(obj=-gain) for pair, gain in problem.gain.items()}
    for case in problem.cases:
        mine = [take[pair] for pair in take if pair[0] == case.id]
        short = model.addVariable(lb=0, obj=MISSING)
        model.addConstr(sum(mine, start=short + 0) == problem.need[case.id])
        strangers = [
            take[case.id, u.id] for u in problem.pool if (case.id, u.id) in take and is_outside(u, case)
        ]
        lack = model.addVariable(lb=0, obj=MISSING_OUTSIDE)
        model.addConstr(
            sum(strangers, start=lack + 0) >= min(problem.outside[case.id], problem.need[case.id])
        )
    for user in problem.pool:
        mine = [take[pair] for pair in take if pair[1] == user.id]
        load = problem.load.get(user.id, 0)
        # each further review of one person costs more than the last: the sum of squares, as steps
        steps = [model.addVariable(lb=0, ub=1, obj=BUSIER * (load + n + 1)) for n in range(len(mine))]
        if mine:
            model.addConstr(sum(mine, start=0 * mine[0]) == sum(steps, start=0 * steps[0]))
    model.run()
    values = model.getSolution().col_value
    return {pair for pair, variable in take.items() if values[variable.index] > 0.5}  # noqa: PLR2004
