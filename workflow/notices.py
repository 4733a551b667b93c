"""Events that no stage file describes, and which mail each of them owes to whom (audience → template)."""

from collections.abc import Mapping

from workflow.definition import Process

NOTICES: Mapping[str, Mapping[str, str]] = {
    "case.created": {},
    "case.offered": {"agency_head": "adoption_offered"},
    "case.amended": {},
    "case.reviewed": {},
    "case.redacted": {},
    "case.discussed": {"listeners": "discussed"},
    "people.assigned": {"subject": "review_requested"},
    "people.released": {"subject": "review_released"},
    "people.handed_over": {"subject": "handed_over"},
    "people.abstained": {"assigners": "reviewer_withdrew"},
    "people.conflict_declared": {"assigners": "conflict_declared"},
    "people.conflict_dismissed": {},
    "evidence.added": {},
    "evidence.infected": {"subject": "evidence_infected", "coordinator": "evidence_infected"},
    "desk.scheduled": {"proposer": "desk_scheduled", "agency_head": "desk_scheduled"},
    "desk.cancelled": {"proposer": "desk_cancelled", "agency_head": "desk_cancelled"},
    "seminar.scheduled": {"invited": "seminar_invited"},
    "seminar.moved": {"invited": "seminar_moved"},
    "seminar.chair_changed": {"invited": "seminar_moved"},
    "seminar.cancelled": {"invited": "seminar_cancelled"},
    "seminar.attended": {},
    "seminar.attendance_corrected": {},
    "round.fell_short": {"assigners": "round_short"},
    "deadline.extended": {"owner": "deadline_extended"},
    "deadline.put_off": {},
    "deadline.brought_forward": {"owner": "deadline_moved"},
    "deadline.nudged": {"nudged": "nudged"},
    "deadline.reminded": {"owner": "reminder"},
    "deadline.passed": {"owner": "overdue", "escalation": "escalated"},
}


def notices_for(process: Process, event_name: str, data: Mapping[str, object]) -> Mapping[str, str]:
    """Audience → mail template for an event of either kind."""
    if event_name in NOTICES:
        return NOTICES[event_name]
    stage = event_name.partition(".")[0]
    transition = process.transition(stage, str(data.get("transition", "")))
    return transition.notify if transition else {}
