"""The demo's innovations as cases at once, without their story: something to search in."""

from sqlalchemy import select

from tests.conftest import MONDAY
from workflow.db import Database
from workflow.demo.load import innovations
from workflow.models import Agency, Case, Cohort, Participant
from workflow.people import create_user


def fill(database: Database) -> None:
    """Numbered in the order of the demo's files, in the state that each story ends in."""
    with database.write() as session:
        agencies = {agency.code: agency for agency in session.scalars(select(Agency))}
        cohort = session.scalars(select(Cohort)).one()
        for n, told in enumerate(innovations(), start=1):
            user = create_user(
                session,
                MONDAY,
                email=f"p{n}@contoh.invalid",
                name=told["proposer"]["name"],
                agency=told["agency"],
            )
            state = told["story"] if "." in told["story"] else f"pkp_proposal.{told['story']}"
            session.add(
                Case(
                    number=f"INV-2022-{n:04}",
                    process="2022",
                    state=state,
                    visit=1,
                    entered_at=MONDAY,
                    version=1,
                    seq=0,
                    title=told["title"],
                    category=told["category"],
                    agency=agencies[told["agency"]],
                    cohort=cohort if told["track"] == "pkp" else None,
                    forms=told["forms"],
                    created_at=MONDAY,
                    updated_at=MONDAY,
                    participants=[Participant(user=user, role="proposer", since=MONDAY)],
                )
            )
