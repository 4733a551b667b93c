"""Spread, severity and rank: known reviewers are found again, and nothing is corrected in silence."""

from datetime import UTC, datetime
from decimal import Decimal

from workflow.calibration import severities, standings
from workflow.models import Case, Review, User

AT = datetime(2022, 9, 5, 2, tzinfo=UTC)
PEOPLE = [User(id=n, name=name) for n, name in enumerate(("Adil", "Galak", "Lunak"), start=1)]


def judged(number: str, *scores: int, aside: int | None = None) -> tuple[Case, list[Review]]:
    reviews = [
        Review(
            reviewer_id=user.id,
            reviewer=user,
            score=f"{score}.00",
            set_aside_at=AT if position == aside else None,
        )
        for position, (user, score) in enumerate(zip(PEOPLE, scores, strict=False))
    ]
    return Case(number=number), reviews


def test_a_strict_and_a_lenient_reviewer_are_recovered() -> None:
    given = dict([judged("A", 80, 70, 90), judged("B", 60, 50, 70), judged("C", 75, 65, 85)])

    found = {s.reviewer.name: (s.offset, s.compared) for s in severities(given)}

    assert found == {
        "Galak": (Decimal("-15.00"), 3),
        "Adil": (Decimal("0.00"), 3),
        "Lunak": (Decimal("15.00"), 3),
    }


def test_ranks_show_what_any_one_review_moves() -> None:
    given = dict([judged("A", 90, 90, 90), judged("B", 80, 80, 20), judged("C", 70, 70, 70)])

    found = {s.case.number: s for s in standings(given)}

    assert [(n, s.rank, s.best, s.worst) for n, s in found.items()] == [
        ("A", 1, 1, 1),
        ("C", 2, 2, 3),
        ("B", 3, 2, 3),
    ]
    assert found["B"].spread == Decimal("60.00")
    assert found["B"].mover is not None
    assert found["B"].mover.reviewer.name == "Lunak"
    assert not found["A"].fragile


def test_a_review_set_aside_is_kept_and_counts_nowhere() -> None:
    given = dict([judged("A", 80, 10, aside=1), judged("B", 70, 70)])

    first, second = standings(given)

    assert (first.case.number, first.score, first.spread, len(first.reviews)) == (
        "A",
        Decimal("80.00"),
        None,
        2,
    )
    assert second.rank == 2
    assert [s.reviewer.name for s in severities(given)] == ["Adil", "Galak"]
