"""What a cohort's scores are worth: spread per case, severity per reviewer, how far one review moves a rank.

Shown to people beside the plain figures; nothing here ever changes a score or a decision.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from workflow.guards import average, counted, spread
from workflow.models import Case, Review, User

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Standing:
    """A case among its cohort. `best` and `worst` are its ranks when any one review of all is left out."""

    case: Case
    reviews: list[Review]
    score: Decimal | None
    adjusted: Decimal | None
    spread: Decimal | None
    rank: int | None
    best: int | None
    worst: int | None
    mover: Review | None

    @property
    def fragile(self) -> bool:
        return self.best != self.worst


@dataclass(frozen=True)
class Severity:
    """How a reviewer scores against the others on the same cases: negative is stricter. In points."""

    reviewer: User
    reviews: int
    compared: int
    offset: Decimal | None


def standings(given: Mapping[Case, Sequence[Review]]) -> list[Standing]:
    """The cases by rank; those without a review that counts last. Equal scores share a rank."""
    offsets = {s.reviewer.id: s.offset for s in severities(given) if s.offset is not None}
    scores = {case: average(reviews) for case, reviews in given.items()}
    ranks = _ranks(scores)
    moves: dict[Case, list[tuple[int, Review | None]]] = {case: [(r, None)] for case, r in ranks.items()}
    for case, reviews in given.items():
        for left_out in counted(reviews):
            rest = [review for review in reviews if review is not left_out]
            for other, rank in _ranks(scores | {case: average(rest)}).items():
                moves[other].append((rank, left_out))
    found = [_standing(case, reviews, scores[case], offsets, moves) for case, reviews in given.items()]
    return sorted(found, key=lambda s: (s.rank is None, s.rank or 0, s.case.number))


def severities(given: Mapping[Case, Iterable[Review]]) -> list[Severity]:
    """Each reviewer's mean distance to the mean of the others on the same case, strictest first."""
    distances: dict[int, list[Decimal]] = {}
    people: dict[int, tuple[User, int]] = {}
    for reviews in given.values():
        held = counted(reviews)
        for review in held:
            _user, before = people.get(review.reviewer_id, (review.reviewer, 0))
            people[review.reviewer_id] = (review.reviewer, before + 1)
            rest = [Decimal(r.score) for r in held if r is not review]
            if rest:
                distance = Decimal(review.score) - sum(rest, Decimal(0)) / len(rest)
                distances.setdefault(review.reviewer_id, []).append(distance)
    found = [
        Severity(user, n, len(distances.get(i, [])), _mean(distances.get(i, [])))
        for i, (user, n) in people.items()
    ]
    return sorted(found, key=lambda s: (s.offset is None, s.offset or 0, s.reviewer.name))


def _standing(
    case: Case,
    reviews: Sequence[Review],
    score: Decimal | None,
    offsets: Mapping[int, Decimal],
    moves: Mapping[Case, list[tuple[int, Review | None]]],
) -> Standing:
    if score is None:
        return Standing(case, list(reviews), None, None, None, None, None, None, None)
    ranks = moves[case]
    usual = ranks[0][0]
    mover = max(ranks, key=lambda move: abs(move[0] - usual))
    adjusted = _mean([Decimal(r.score) - offsets.get(r.reviewer_id, Decimal(0)) for r in counted(reviews)])
    return Standing(
        case,
        list(reviews),
        score,
        adjusted,
        spread(reviews),
        usual,
        min(rank for rank, _review in ranks),
        max(rank for rank, _review in ranks),
        mover[1] if mover[0] != usual else None,
    )


def _ranks(scores: Mapping[Case, Decimal | None]) -> dict[Case, int]:
    known = {case: score for case, score in scores.items() if score is not None}
    order = sorted(known.values(), reverse=True)
    return {case: order.index(score) + 1 for case, score in known.items()}


def _mean(numbers: Sequence[Decimal]) -> Decimal | None:
    if not numbers:
        return None
    return (sum(numbers, Decimal(0)) / len(numbers)).quantize(CENT, ROUND_HALF_UP)
