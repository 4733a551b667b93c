"""Who answers a reply to a mail: the office that runs the stage, by its public mailbox."""

from sqlalchemy.orm import Session

from workflow.audiences import HOLDERS
from workflow.definition import process
from workflow.models import Case


def office_of(session: Session, case: Case) -> str | None:
    """The mailbox of the first role of the stage that somebody holds; None where no office has named one."""
    for role in process(case.process).stages[case.stage].answers:
        for user in HOLDERS[role](session, case):
            mailbox = user.agency.contact.get("email") if user.agency else None
            if mailbox:
                return str(mailbox)
    return None
