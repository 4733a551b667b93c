"""The tables, split by noun."""

from workflow.models.base import Base
from workflow.models.calendar import CalendarDay
from workflow.models.cases import (
    Case,
    Cohort,
    Conflict,
    Counter,
    Draft,
    Evidence,
    Participant,
    Review,
)
from workflow.models.decisions import HeldDecision
from workflow.models.entries import DeskSlot, IndicatorClaim, YearFact
from workflow.models.events import Chain, Event
from workflow.models.exports import Export, ExportPart
from workflow.models.files import Attachment, FileCheck, FileLikeness, FileShingle, StoredFile, Upload
from workflow.models.imports import Import, ImportMapping, ImportRow
from workflow.models.keeping import Anchor, Incident, Try, Verification
from workflow.models.mails import MailText
from workflow.models.people import (
    Agency,
    ApiToken,
    Grant,
    MailChoice,
    Passkey,
    QuietHours,
    SignIn,
    Substitute,
    User,
)
from workflow.models.search import SearchDocument, View
from workflow.models.seminars import CalendarFeed, Seminar, SeminarAttendance, SeminarSlot
from workflow.models.visits import StageVisit
from workflow.models.webhooks import Webhook, WebhookTry
from workflow.models.work import Deadline, Email, Fact, Idempotency, Job

__all__ = [
    "Agency",
    "Anchor",
    "ApiToken",
    "Attachment",
    "Base",
    "CalendarDay",
    "CalendarFeed",
    "Case",
    "Chain",
    "Cohort",
    "Conflict",
    "Counter",
    "Deadline",
    "DeskSlot",
    "Draft",
    "Email",
    "Event",
    "Evidence",
    "Export",
    "ExportPart",
    "Fact",
    "FileCheck",
    "FileLikeness",
    "FileShingle",
    "Grant",
    "HeldDecision",
    "Idempotency",
    "Import",
    "ImportMapping",
    "ImportRow",
    "Incident",
    "IndicatorClaim",
    "Job",
    "MailChoice",
    "MailText",
    "Participant",
    "Passkey",
    "QuietHours",
    "Review",
    "SearchDocument",
    "Seminar",
    "SeminarAttendance",
    "SeminarSlot",
    "SignIn",
    "StageVisit",
    "StoredFile",
    "Substitute",
    "Try",
    "Upload",
    "User",
    "Verification",
    "View",
    "Webhook",
    "WebhookTry",
    "YearFact",
]
