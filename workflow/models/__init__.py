"""The tables, split by noun."""

from workflow.models.base import Base
from workflow.models.cases import (
    Case,
    Cohort,
    Counter,
    Draft,
    Evidence,
    Participant,
    Review,
)
from workflow.models.events import Chain, Event
from workflow.models.imports import Import, ImportMapping, ImportRow
from workflow.models.people import Agency, ApiToken, Grant, Passkey, SignIn, User
from workflow.models.work import Deadline, Email, Fact, Idempotency, Job

__all__ = [
    "Agency",
    "ApiToken",
    "Base",
    "Case",
    "Chain",
    "Cohort",
    "Counter",
    "Deadline",
    "Draft",
    "Email",
    "Event",
    "Evidence",
    "Fact",
    "Grant",
    "Idempotency",
    "Import",
    "ImportMapping",
    "ImportRow",
    "Job",
    "Participant",
    "Passkey",
    "Review",
    "SignIn",
    "User",
]
