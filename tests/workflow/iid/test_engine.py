"""The index against figures reckoned by hand, against an independent recomputation, and its properties."""

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflow.iid import recompute
from workflow import validation
from workflow.iid import region
from workflow.iid.catalogue import (
    Catalogue,
    Indicator,
    borrowed,
    catalogue,
    catalogue_for,
    raw_catalogue,
    years,
)
from workflow.iid.maturity import Claim, gains, maturity, missing, score

CATALOGUES = [catalogue(year) for year in years()]
C2026 = catalogue(2026)
LEVELS = st.dictionaries(st.sampled_from([i.number for i in C2026.sid]), st.integers(0, 3))
CLAIMS = st.dictionaries(
    st.sampled_from([i.number for i in C2026.sid]),
    st.builds(Claim, st.integers(0, 3), st.booleans(), st.booleans()),
)


@pytest.mark.parametrize("year", years())
def test_a_catalogue_holds_its_schema_and_sums_up_as_published(year: int) -> None:
    found = catalogue(year)

    assert validation.problems("catalogue", raw_catalogue(year)) == []
    assert len(found.by_number) == 20
    assert found.most == 111
    assert found.region.counted_at_most * found.region.points_each == 76
    assert found.region.spd_at_most + found.most + 76 == found.region.total
    assert found.uncertain


def test_the_regions_own_indicators_of_2026_sum_up_as_published() -> None:
    assert len(C2026.spd) == 20
    assert sum(i.most for i in C2026.spd) == 63


@pytest.mark.parametrize("found", CATALOGUES, ids=[str(y) for y in years()])
@pytest.mark.parametrize(("level", "expected"), [(1, 37), (2, 74), (3, 111)])
def test_all_indicators_at_one_level(found: Catalogue, level: int, expected: int) -> None:
    assert score(found, dict.fromkeys(found.by_number, level)) == expected


@pytest.mark.parametrize(("level", "expected"), [(1, 14), (3, 42)])
def test_only_the_mandatory_indicators_of_2026(level: int, expected: int) -> None:
    assert score(C2026, {i.number: level for i in C2026.sid if i.mandatory}) == expected


@pytest.mark.parametrize(
    ("spd", "affairs", "entries", "iid", "category"),
    [
        (42, 5, [80] * 5, "30.89", "Kurang Inovatif"),
        (60, 6, [100] * 200, "94.40", "Sangat Inovatif"),
        (60, 4, [100] * 200, "64.00", "Inovatif"),
        (0, 6, [], "0.00", "Tidak Dapat Dinilai"),
    ],
)
def test_the_regions_of_the_golden_vectors(
    spd: int, affairs: int, entries: list[int], iid: str, category: str
) -> None:
    found = region.index(C2026, Decimal(spd), affairs, [Decimal(e) for e in entries])

    assert (str(found.iid), found.category.title) == (iid, category)


@pytest.mark.parametrize(
    ("iid", "title"), [("65.00", "Inovatif"), ("65.01", "Sangat Inovatif"), ("40.00", "Kurang Inovatif")]
)
def test_the_bounds_between_the_categories_of_2026(iid: str, title: str) -> None:
    assert region.category(C2026, Decimal(iid)).title == title


def test_a_year_without_catalogue_says_which_one_it_uses() -> None:
    assert borrowed(2022) == "IGA 2022 memakai katalog 2023."
    assert catalogue_for(2025).year == 2024
    assert borrowed(2026) is None


def test_six_affairs_are_basic() -> None:
    assert len(region.basic_affairs()) == 6
    assert "Kesehatan" in region.basic_affairs()


def test_two_hundred_entries_agree_with_an_independent_recomputation() -> None:
    dice = random.Random(38)  # noqa: S311 - a seed, not a secret
    for year in years():
        found = catalogue(year)
        numbers = sorted(found.by_number)
        entries = [
            {n: dice.randint(0, 3) for n in dice.sample(numbers, dice.randint(0, 20))} for _ in range(200)
        ]
        ours = [score(found, levels) for levels in entries]
        theirs = [recompute.maturity(year, levels) for levels in entries]
        assert [Fraction(m) for m in ours] == theirs
        for count in (0, 1, 9, 11, 13, 150, 200):
            spd, affairs = Decimal(dice.randint(0, 252)) / 4, dice.randint(0, 6)
            index = region.index(found, spd, affairs, ours[:count])
            assert recompute.index(year, Fraction(spd), affairs, theirs[:count]) == {
                "average": int(index.average * 100),
                "count_score": int(index.count_score * 100),
                "iid": int(index.iid * 100),
                "category": index.category.title,
            }


@given(LEVELS, st.sampled_from(C2026.sid))
def test_a_higher_level_never_lowers_the_score(levels: dict[str, int], raised: Indicator) -> None:
    number = raised.number
    higher = levels | {number: min(levels.get(number, 0) + 1, 3)}

    assert 0 <= score(C2026, levels) <= score(C2026, higher) <= 111


@given(CLAIMS)
def test_taking_evidence_away_never_raises_either_score(
    claims: dict[str, Claim],
) -> None:
    before = maturity(C2026, claims)

    assert before.verified <= before.claimed <= 111
    for number, claim in claims.items():
        after = maturity(
            C2026, claims | {number: Claim(claim.level, evidenced=False, accepted=claim.accepted)}
        )
        assert after.claimed <= before.claimed
        assert after.verified <= before.verified


@given(
    st.decimals(0, 63, places=2),
    st.integers(0, 6),
    st.lists(st.integers(0, 111).map(Decimal), max_size=260),
)
def test_no_part_exceeds_its_maximum_and_all_have_two_places(
    spd: Decimal, affairs: int, entries: list[Decimal]
) -> None:
    for found in CATALOGUES:
        index = region.index(found, spd, affairs, entries)

        assert index.spd <= 63
        assert index.average <= 111
        assert index.count_score <= 76
        assert 0 <= index.iid <= 100
        assert {n.as_tuple().exponent for n in (index.average, index.count_score, index.iid)} == {-2}


@given(CLAIMS)
def test_following_every_gain_ends_at_the_full_score(claims: dict[str, Claim]) -> None:
    points = maturity(C2026, claims).claimed
    while found := gains(C2026, claims):
        best = found[0]
        claims = claims | {best.indicator.number: Claim(best.level, evidenced=True)}
        raised = maturity(C2026, claims).claimed
        assert raised >= points
        points = raised

    assert points == 111
    assert missing(C2026, claims) == []


def test_the_cheapest_points_are_those_that_only_lack_their_proof() -> None:
    claims = {"35": Claim(1, evidenced=True), "22": Claim(3), "16": Claim(3, evidenced=True)}

    found = gains(C2026, claims)

    assert (found[0].indicator.number, found[0].points, found[0].proof_only) == ("22", Decimal(3), True)
    assert (found[1].indicator.number, found[1].level, found[1].points) == ("35", 2, Decimal(4))
    assert "16" not in {g.indicator.number for g in found}
