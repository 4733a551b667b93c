"""Which scenes lead an innovation to the state where its story stands, and when each is played."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from workflow.clock import WIB


@dataclass(frozen=True)
class Scene:
    """Something done: `names` are the steps it may be, `turn` whose review or what is left, `poor` how it went."""

    at: datetime
    verb: str
    names: tuple[str, ...] = ()
    turn: int = 0
    poor: bool = False


Act = tuple[str, Scene]
LEAST_GAP = timedelta(minutes=20)


def scenes(innovation: Mapping[str, Any], index: int, today: datetime) -> list[Scene]:
    """The scenes in order, each later than the one before and none after today."""
    planned = _pkp(innovation) if innovation["track"] == "pkp" else _outside(innovation)
    planned += _talk(planned[-1].at, innovation)
    shift = timedelta(minutes=(index * 37) % 300, days=index % 3)
    latest = today - timedelta(hours=2)
    fitted: list[Scene] = []
    for position, scene in enumerate(planned):
        at = min(scene.at + shift, latest - LEAST_GAP * (len(planned) - position))
        if fitted:
            at = max(at, fitted[-1].at + LEAST_GAP)
        fitted.append(replace(scene, at=at))
    return fitted


def _talk(since: datetime, innovation: Mapping[str, Any]) -> list[Scene]:
    """What is said about it where its story stands."""
    said = range(len(innovation.get("discussion", ())))
    return [Scene(since + timedelta(hours=3 + 2 * turn), "say", turn=turn) for turn in said]


def adopted(adoption: Mapping[str, Any]) -> list[Scene]:
    """The scenes of an adoption, on the days that its story names."""
    verbs = {"interest", "offer"}
    return [
        Scene(_wib(day), step) if step in verbs else _step(_wib(day), step)
        for day, step in adoption["scenes"]
    ]


def _at(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2022, month, day, hour, tzinfo=WIB)


def _step(at: datetime, *names: str) -> Scene:
    return Scene(at, "step", names)


def _round(at: datetime, *, count: int = 3, poor: bool = False) -> list[Scene]:
    reviews = [
        Scene(at + timedelta(days=4 + turn, hours=turn), "review", turn=turn, poor=poor)
        for turn in range(count)
    ]
    return [Scene(at, "assign"), *reviews]


def _pkp(innovation: Mapping[str, Any]) -> list[Scene]:
    """PKP Angkatan IV: from 12 September 2022 to pilot plans at the end of November."""
    state = innovation["story"].removeprefix("pkp_proposal.")
    begin = [Scene(_at(9, 12), "start")]
    submit = [*begin, _step(_at(9, 14), "submit")]
    approved = [*submit, _step(_at(9, 19), "approve")]
    early = {
        "draft": [*begin, Scene(_at(9, 16), "draft")],
        "mentor_review": submit,
        "revision": [*submit, _step(_at(11, 25), "request_revision")],
        "withdrawn": [*submit, _step(_at(9, 21), "withdraw")],
        "rejected": [
            *approved,
            *_round(_at(9, 22), count=2, poor=True)[:2],
            _step(_at(9, 30), "reject"),
        ],
        "design_seminar": [*approved, *_round(_at(11, 24), count=1)],
        "design_revision": [*approved, *_round(_at(11, 21), poor=True)],
    }
    if state in early:
        return early[state]
    return [*approved, *_round(_at(9, 22)), *_off_campus(innovation, state)]


def _off_campus(innovation: Mapping[str, Any], state: str) -> list[Scene]:
    entries = len(innovation["forms"].get("milestone", []))
    first = entries if state in {"implementation", "report"} else 3
    found = [_step(_at(10, 7 + 9 * i) if i < 3 else _at(11, 4), "log_milestone") for i in range(first)]
    if state == "implementation":
        return found
    found.append(_step(_at(11, 9), "finish_implementation"))
    if state == "report":
        return [*found, Scene(_at(11, 28), "draft")]
    found.append(_step(_at(11, 14), "submit_report"))
    if state == "final_seminar":
        return [*found, *_round(_at(11, 23), count=2)]
    if state == "report_revision":
        return [*found, *_round(_at(11, 16), poor=True)]
    found += _round(_at(11, 16))
    if state == "opd_pilot.planned":
        return [*found, Scene(_at(11, 29), "draft")]
    found += [_step(_at(11, 25), "grant_permission"), _step(_at(11, 28), "submit_plan")]
    if state == "opd_pilot.running":
        found.append(_step(_at(11, 29), *DECREE))
        found += [_step(_at(11, 30, 8 + i), *PROGRESS) for i in range(max(entries - 3, 0))]
    return found


DECREE = (
    "record_decree",
    "record_early_decree",
    "record_late_decree",
    "record_decree_in_extension",
)
PROGRESS = ("log_progress", "log_progress_in_extension")

# The states of the short path in the order in which a case passes them.
ORDER = (
    "endorsement", "feasibility", "planned", "running", "report_review", "open",
    "candidate", "completing_evidence", "verification", "ready",
    "frozen", "released", "sent", "result", "archived",
)  # fmt: skip

BRANCH = {
    "proposal_revision": "endorsement",
    "hearing": "feasibility",
    "extended": "running",
    "stopped": "running",
    "report_revision": "report_review",
    "not_eligible": "candidate",
    "entry_revision": "verification",
    "assessed": "result",
    "nominated": "result",
    "awarded": "result",
}


def _outside(innovation: Mapping[str, Any]) -> list[Scene]:
    """The short path: proposed some weeks before its pilot, then as far as the story goes."""
    state = innovation["story"].partition(".")[2]
    goal = ORDER.index(BRANCH.get(state, state))
    begin = _beginning(innovation)
    found = [Scene(begin, "start"), _step(_on(begin, 2), "propose")]
    if state == "proposal_revision":
        return [*found, _step(_on(begin, 6), "return_proposal")]
    for place in range(1, goal + 1):
        found += _passage(ORDER[place], innovation, begin, final=place == goal, state=state)
    return found


def _passage(place: str, told: Mapping[str, Any], begin: datetime, *, final: bool, state: str) -> list[Scene]:
    """What brings a case into a place of ORDER, and into the branch that its story ends in."""
    forms = told["forms"]
    reported = _day(forms, "pilot_report", "trial_end", begin, 90)
    entries = len(forms.get("milestone", []))
    if place == "feasibility":
        poor = final and state == "hearing"
        return [
            _step(_on(begin, 6), "endorse"),
            *_review_of(begin, 8, final=final, open_now=state == "feasibility", poor=poor),
        ]
    if place == "running":
        progress = [_step(_on(begin, 40 + 10 * i), *PROGRESS) for i in range(entries)]
        return [
            _step(_on(begin, 20), "submit_plan"),
            _step(_on(begin, 26), *DECREE),
            *progress,
            *_turns(state, final, begin),
        ]
    if place == "report_review":
        asked = [_step(_on(reported, 3), "submit_report")]
        return asked + _review_of(
            reported,
            5,
            final=final,
            open_now=state == "report_review",
            poor=final and state == "report_revision",
        )
    sent = _day(forms, "iga_receipt", "sent_on", reported, 80)
    simple: dict[str, list[Scene]] = {
        "planned": [],
        "open": [
            _step(max(_on(reported, 20 + i), _wib(entry["date"])), "record_external_replication")
            for i, entry in enumerate(forms.get("external_replication", []))
        ],
        "candidate": [_step(_on(reported, 40), "recommend")],
        "completing_evidence": [
            _step(_on(reported, 48), "invite"),
            Scene(_on(reported, 52), "prove", poor=final),
        ],
        "verification": [_step(_on(reported, 60), "submit_entry")],
        "ready": [Scene(_on(reported, 66), "judge"), _step(_on(reported, 68), "accept")],
        "frozen": [_step(sent - timedelta(hours=2), "freeze")],
        "released": [Scene(sent - timedelta(hours=1), "release")],
        "sent": [_step(sent, "send")],
        "result": [_step(_day(forms, "iga_result", "announced_on", reported, 160), _result(state))],
        "archived": [_step(_on(_day(forms, "iga_result", "announced_on", reported, 160), 14), "archive")],
    }
    found = simple[place]
    if final and state == "not_eligible":
        found = [*found, _step(_on(reported, 50), "declare_not_eligible")]
    if final and state == "entry_revision":
        refused = Scene(_on(reported, 65), "judge", poor=True)
        found = [*found, refused, _step(_on(reported, 66), "request_revision")]
    if final and state == "verification":
        found = [*found, Scene(_on(reported, 64), "judge", turn=6)]
    if final and "draft" in told and place == "completing_evidence":
        found = [*found, Scene(_on(reported, 55), "draft")]
    return found


def _review_of(begin: datetime, days: int, *, final: bool, open_now: bool, poor: bool) -> list[Scene]:
    """A round that is still open where the story ends in it, else one that is over."""
    return _round(_on(begin, days), count=1 if final and open_now else 3, poor=poor)


def _turns(state: str, final: bool, begin: datetime) -> list[Scene]:  # noqa: FBT001
    if not final or state not in {"extended", "stopped"}:
        return []
    return [_step(_on(begin, 80), "extend" if state == "extended" else "stop")]


def _result(state: str) -> str:
    return f"record_{state}" if state in {"assessed", "nominated", "awarded"} else "record_assessed"


def _beginning(told: Mapping[str, Any]) -> datetime:
    plan = told["forms"].get("pilot_plan")
    if plan:
        return _wib(plan["start_date"]) - timedelta(days=30)
    state = told["story"].partition(".")[2]
    return {"hearing": _at(10, 24), "feasibility": _at(11, 14)}.get(state, _at(11, 21))


def _day(forms: Mapping[str, Any], form: str, key: str, begin: datetime, days: int) -> datetime:
    return _wib(forms[form][key]) if form in forms and key in forms[form] else _on(begin, days)


def _wib(text: str) -> datetime:
    day = date.fromisoformat(text)
    return datetime(day.year, day.month, day.day, 10, tzinfo=WIB)


def _on(begin: datetime, days: int) -> datetime:
    return begin + timedelta(days=days)
