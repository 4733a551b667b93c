"""The only functions that change a case. Each runs in the caller's transaction; refused, it leaves no trace.

All of them check in the same order: visible, version, state, role, document, guards; then they write
the case, append the event and owe the work, in that order.
"""

from workflow.commands.adopt import express_interest, offer
from workflow.commands.advance import advance, advance_by_itself, approach, complete, options, take
from workflow.commands.archive import Arrival, receive, take_back
from workflow.commands.assignment import (
    abstain,
    assign_all,
    assign_reviewer,
    declare_conflict,
    dismiss_conflict,
    recheck_case,
    release_reviewer,
)
from workflow.commands.attendance import Mark, note_attendance, note_seminar
from workflow.commands.calendar import add_day, remove_day
from workflow.commands.claims import NewClaim, claim_level, judge_claim
from workflow.commands.clock import fire_deadline
from workflow.commands.desks import cancel_desk, desk_helpers, list_desk, plan_desk, waiting_for_desk
from workflow.commands.discuss import NewAttachment, discuss
from workflow.commands.drafts import save_draft
from workflow.commands.evidence import NewEvidence, add_evidence, withdraw_evidence
from workflow.commands.extension import extend_deadline
from workflow.commands.find import etag, find
from workflow.commands.held import (
    hold,
    hold_decision,
    look_again,
    put_away,
    release_decision,
    withdraw_decision,
    write_mail,
)
from workflow.commands.infected import refuse_infected
from workflow.commands.mail_choices import choose_mails, set_quiet, stop_mails
from workflow.commands.mail_texts import change_mail_text
from workflow.commands.nudge import nudge
from workflow.commands.people import hand_over
from workflow.commands.profiles import set_profile
from workflow.commands.redact import redact
from workflow.commands.review import give_review, save_review_draft
from workflow.commands.rounds import hand_round_over
from workflow.commands.seminars import cancel_seminar, change_seminar, invite_seminar
from workflow.commands.start import amend, start
from workflow.commands.substitutes import begin_substitute, due_substitutes, end_substitute, set_substitute
from workflow.commands.views import drop_view, keep_view
from workflow.commands.years import set_spd, set_window
from workflow.search import index

index.follow()

__all__ = [
    "Arrival",
    "Mark",
    "NewAttachment",
    "NewClaim",
    "NewEvidence",
    "abstain",
    "add_day",
    "add_evidence",
    "advance",
    "advance_by_itself",
    "amend",
    "approach",
    "assign_all",
    "assign_reviewer",
    "begin_substitute",
    "cancel_desk",
    "cancel_seminar",
    "change_mail_text",
    "change_seminar",
    "choose_mails",
    "claim_level",
    "complete",
    "declare_conflict",
    "desk_helpers",
    "discuss",
    "dismiss_conflict",
    "drop_view",
    "due_substitutes",
    "end_substitute",
    "etag",
    "express_interest",
    "extend_deadline",
    "find",
    "fire_deadline",
    "give_review",
    "hand_over",
    "hand_round_over",
    "hold",
    "hold_decision",
    "invite_seminar",
    "judge_claim",
    "keep_view",
    "list_desk",
    "look_again",
    "note_attendance",
    "note_seminar",
    "nudge",
    "offer",
    "options",
    "plan_desk",
    "put_away",
    "receive",
    "recheck_case",
    "redact",
    "refuse_infected",
    "release_decision",
    "release_reviewer",
    "remove_day",
    "save_draft",
    "save_review_draft",
    "set_profile",
    "set_quiet",
    "set_spd",
    "set_substitute",
    "set_window",
    "start",
    "stop_mails",
    "take",
    "take_back",
    "waiting_for_desk",
    "withdraw_decision",
    "withdraw_evidence",
    "write_mail",
]
