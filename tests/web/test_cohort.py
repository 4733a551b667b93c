"""A whole cohort in the pages of its reviewers: thirty proposals, nine reviewers, two rounds."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import MONDAY, MovableClock
from tests.web.conftest import SignIn
from tests.web.test_pages import hidden
from tests.workflow.test_assignment import conflicted
from workflow import audit, commands
from workflow.db import Database
from workflow.ledger import Actor
from workflow.models import Agency, Case, Email, Participant, Review
from workflow.people import create_user
from workflow.samples import sample

As = Callable[[Session, str], Actor]
SEMINAR, REVISION, PASSED = (
    f"pkp_proposal.{name}" for name in ("design_seminar", "design_revision", "implementation")
)
CASES, WEAK, EACH = 30, 10, 3
JURY = ("rudi", "sri", "tono", *(f"penguji{n}" for n in range(1, 7)))


def enrol(database: Database, as_: As) -> list[str]:
    """Thirty officers of different agencies hand in; their mentor lets all pass to the seminar.

    Each of the six reviewers who join works in an agency that has a proposal of its own.
    """
    numbers = []
    with database.write() as session:
        homes = list(session.scalars(select(Agency.code).order_by(Agency.code).limit(CASES)))
        create_user(session, MONDAY, email="atasan@contoh.invalid", name="Atasan", agency="setda")
        for n, home in enumerate(homes):
            create_user(session, MONDAY, email=f"asn{n}@contoh.invalid", name=f"Asn {n}", agency=home)
        for name, home in zip(JURY[3:], homes, strict=False):
            create_user(
                session,
                MONDAY,
                email=f"{name}@contoh.invalid",
                name=name.title(),
                agency=home,
                roles=("reviewer",),
            )
    for n, home in enumerate(homes):
        with database.write() as session:
            who = as_(session, f"asn{n}")
            cover = {"title": f"Inovasi ke-{n}", "category": "digital", "agency": home}
            cover |= {"cohort": "pkp-iv-2022", "mentor": "atasan@contoh.invalid"}
            number = commands.start(session, who, cover).number
            commands.advance(session, who, number, "submit", form=sample("change_plan", n))
            commands.advance(session, as_(session, "atasan"), number, "approve")
        numbers.append(number)
    return numbers


def judge_everything(browser: FlaskClient, weak: set[str]) -> int:
    """Go through the queue as its page leads, from one case to the next; how many there were."""
    first = re.search(r'href="(/telaah/INV-[^"/]+)"', browser.get("/telaah").text)
    place, done = first[1] if first else "/telaah", 0
    while place != "/telaah":
        number = place.rpartition("/")[2]
        score = "55" if number in weak else "82"
        names = sample("design_seminar_review")["scores"]
        form = {f"/scores/{name}": score for name in names}
        form |= {"/recommendation": "revise" if number in weak else "proceed"}
        form |= {"/comment": "Data dasarnya jelas; rencana pemeliharaannya perlu dirinci."}
        answer = browser.post(place, data={**hidden(browser, place), **form})
        assert answer.status_code == 302, answer.text
        place, done = answer.headers["Location"], done + 1
    return done


def assign_everybody(browser: FlaskClient) -> None:
    """Apply the proposed table as it stands."""
    page = f"/penugasan?state={SEMINAR}&cohort=pkp-iv-2022"
    pairs = re.findall(r'name="pair" value="([^"]+)"', browser.get(page).text)
    assert browser.post("/penugasan", data={**hidden(browser, page), "pair": pairs}).status_code == 302


def resubmit(database: Database, as_: As, numbers: list[str]) -> None:
    for n, number in enumerate(numbers):
        with database.write() as session:
            better = sample("change_plan", n + CASES)
            commands.advance(session, as_(session, f"asn{n}"), number, "resubmit_design", form=better)


def states(database: Database) -> Counter[str]:
    with database.read() as session:
        return Counter(session.scalars(select(Case.state)))


def loads(database: Database) -> list[int]:
    """How many cases each reviewer was asked about."""
    with database.read() as session:
        asked = select(Participant.user_id).where(Participant.role == "reviewer")
        return sorted(Counter(session.scalars(asked)).values())


def nothing_lost_or_doubled(database: Database, reviews: int) -> None:
    with database.read() as session:
        given = session.execute(select(Review.case_id, Review.visit, Review.reviewer_id)).all()
        told = select(func.count()).select_from(Email).where(Email.kind == "review_requested")
        assert len(given) == len(set(given)) == reviews
        assert session.scalar(told) == reviews
        assert list(audit.differences(session)) == []
        assert audit.verify(session).intact


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_thirty_proposals_and_nine_reviewers_through_two_rounds(
    database: Database,
    as_: As,
    clock: MovableClock,
    sign_in: SignIn,
    run_workers: Callable[[], None],
) -> None:
    numbers = enrol(database, as_)
    run_workers()
    assign_everybody(sign_in("retno"))
    run_workers()
    assert conflicted(database, clock) == []
    assert loads(database) == [CASES * EACH // len(JURY)] * len(JURY)

    jury = [sign_in(name) for name in JURY]
    weak = numbers[:WEAK]
    assert sum(judge_everything(browser, set(weak)) for browser in jury) == CASES * EACH
    run_workers()
    assert states(database) == {REVISION: WEAK, PASSED: CASES - WEAK}

    resubmit(database, as_, weak)
    run_workers()
    assert sum(judge_everything(browser, set()) for browser in jury) == WEAK * EACH
    run_workers()
    assert states(database) == {PASSED: CASES}
    assert conflicted(database, clock) == []
    nothing_lost_or_doubled(database, (CASES + WEAK) * EACH)
