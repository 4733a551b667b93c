"""The only functions that change a case. Each runs in the caller's transaction; refused, it leaves no trace.

All of them check in the same order: visible, version, state, role, document, guards; then they write
the case, append the event and owe the work, in that order.
"""

from workflow.commands.advance import advance, advance_by_itself, options, take
from workflow.commands.archive import Arrival, receive, take_back
from workflow.commands.clock import fire_deadline
from workflow.commands.drafts import save_draft
from workflow.commands.evidence import NewEvidence, add_evidence
from workflow.commands.find import etag, find
from workflow.commands.people import assign_reviewer, hand_over, release_reviewer
from workflow.commands.review import give_review, save_review_draft
from workflow.commands.start import amend, start

__all__ = [
    "Arrival",
    "NewEvidence",
    "add_evidence",
    "advance",
    "advance_by_itself",
    "amend",
    "assign_reviewer",
    "etag",
    "find",
    "fire_deadline",
    "give_review",
    "hand_over",
    "options",
    "receive",
    "release_reviewer",
    "save_draft",
    "save_review_draft",
    "start",
    "take",
    "take_back",
]
