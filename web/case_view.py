"""A case as pages show it: stage bar, next step, history. Reads the domain, decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from web import dates
from web.language import say as _
from workflow import deadlines
from workflow.adoptions import Member, can_be_adopted
from workflow.commands.advance import Option
from workflow.definition import Process, State, process
from workflow.errors import Reason
from workflow.models import Case, Event, User
from workflow.phrases import ROLE_NAMES
from workflow.submissions import handed_in

OUTCOME_TONES = {
    "advanced": "ok",
    "stopped": "plain",
    "rejected": "plain",
    "withdrawn": "plain",
}
UNOFFERED = frozenset({"in_cohort", "outside_cohort", "round_open"})
"""Steps refused for these are no steps for this case, or not yet: pages do not speak of them."""


@dataclass(frozen=True)
class StageMark:
    """One of the stages in the stage bar."""

    order: int
    title: str
    mark: str
    text: str
    progress: float
    href: str | None = None


def stage_marks(
    case: Case, now: datetime, locale: str, left: Mapping[str, datetime] | None = None
) -> list[StageMark]:
    """The stages of the case's pipeline with where it stands; `left` says when each was finished."""
    flow = process(case.process)
    stages = flow.pipeline(case.pipeline)
    here = flow.stages[case.stage].order
    marks = []
    for stage in stages:
        if stage.order < here:
            when = (left or {}).get(stage.name)
            text = _("Selesai %(date)s", date=dates.long_date(when)) if when else _("Selesai")
            marks.append(StageMark(stage.order, stage.title(locale), "done", text, 1.0))
        elif stage.order == here:
            marks.append(
                StageMark(
                    stage.order,
                    stage.title(locale),
                    "now",
                    _now_text(case, flow, now, locale),
                    _progress(case, flow),
                )
            )
        else:
            marks.append(StageMark(stage.order, stage.title(locale), "todo", _("Belum dimulai"), 0.0))
    return marks


def _now_text(case: Case, flow: Process, now: datetime, locale: str) -> str:
    title = flow.states[case.state].title(locale)
    return f"{title} · {due_words(case, now)}" if case.due_at and not case.outcome else title


def _progress(case: Case, flow: Process) -> float:
    """How far along the main path of its stage: by the order in which the file lists the states."""
    names = [n for n, s in flow.stages[case.stage].states.items() if s.outcome in (None, "advanced")]
    if case.state not in names:
        return 1.0
    return (names.index(case.state) + 1) / (len(names) + 1)


def due_words(case: Case, now: datetime) -> str:
    """“sisa 4 hari kerja”, “hari terakhir” or “terlambat 2 hari kerja”."""
    if case.due_at is None:
        return ""
    days = deadlines.days_left(case.due_at, now)
    if days < 0:
        return _("terlambat %(days)s hari kerja", days=-days)
    return _("hari terakhir") if days == 0 else _("sisa %(days)s hari kerja", days=days)


def is_late(case: Case, now: datetime) -> bool:
    return case.due_at is not None and now > case.due_at


def state_pill(case: Case, now: datetime, locale: str) -> tuple[str, str]:
    """The state in words and the tone of its pill."""
    state = process(case.process).states[case.state]
    if state.outcome:
        return state.title(locale), OUTCOME_TONES[state.outcome]
    return state.title(locale), "late" if is_late(case, now) else "wait"


def turn_words(case: Case) -> str:
    """Whose turn it is."""
    owner = process(case.process).states[case.state].owner
    return "" if case.outcome else _("Giliran %(who)s", who=_(ROLE_NAMES.get(owner, owner)))


# --- the next step -----------------------------------------------------------------------------------


@dataclass
class Action:
    """A button of the next-step card."""

    title: str
    tone: str
    href: str
    method: str = "get"
    allowed: bool = True
    reasons: list[dict[str, Any]] = field(default_factory=list)
    confirm: str | None = None
    hidden: dict[str, str] = field(default_factory=dict)


@dataclass
class Step:
    """The next-step card."""

    title: str
    lead: str
    due: dict[str, Any] | None
    actions: list[Action]
    empty_text: str


def next_step(
    case: Case,
    found: list[Option],
    now: datetime,
    locale: str,
    hidden: Mapping[str, str],
    extra: list[Action],
) -> Step:
    """What this person can do now, or whose turn it is; blocked actions carry every reason."""
    flow = process(case.process)
    state = flow.states[case.state]
    mine = [o for o in found if o.mine and not {r.guard for r in o.reasons} & UNOFFERED]
    actions = extra + [_action(case, flow, option, locale, hidden) for option in mine]
    due = None
    if case.due_at:
        due = {
            "text": f"{dates.deadline(case.due_at)} · {due_words(case, now)}",
            "late": is_late(case, now),
        }
    return Step(
        _step_title(state, actions, locale),
        _lead(state, actions, locale),
        due,
        actions,
        _waiting(state),
    )


def _step_title(state: State, actions: list[Action], locale: str) -> str:
    if state.outcome:
        return state.title(locale)
    main = next((a for a in actions if a.tone == "positive"), None) or next(
        (a for a in actions if a.tone != "negative"), None
    )
    return main.title if main else state.title(locale)


def _lead(state: State, actions: list[Action], locale: str) -> str:
    if state.outcome or not actions:
        return ""
    return _("Status saat ini: %(state)s.", state=state.title(locale))


def _waiting(state: State) -> str:
    if state.outcome:
        return _("Usulan ini sudah sampai pada akhir tahapnya.")
    who = _(ROLE_NAMES.get(state.owner, state.owner))
    return _("Menunggu %(who)s. Anda mendapat surel bila giliran Anda tiba.", who=who)


def _action(case: Case, flow: Process, option: Option, locale: str, hidden: Mapping[str, str]) -> Action:
    step = option.transition
    page = f"/usulan/{case.number}/langkah/{step.name}"
    asks = bool(step.form or step.note == "required")
    return Action(
        title=step.title(locale),
        tone=step.tone,
        href=page,
        method="get" if asks else "post",
        allowed=option.allowed,
        reasons=[_reason(case, flow, reason, locale) for reason in option.reasons],
        confirm=None if asks else _("%(step)s sekarang?", step=step.title(locale)),
        hidden={} if asks else {"_action": "submit", **hidden},
    )


def _reason(case: Case, flow: Process, reason: Reason, locale: str) -> dict[str, Any]:
    return {"message": reason.message, "ok": False, "fix": _fix(case, flow, reason.fix, locale)}


def _fix(case: Case, flow: Process, fix: str | None, locale: str) -> dict[str, str] | None:
    if fix is None:
        return None
    pages = {
        "people": ("ubah", _("Tetapkan")),
        "pic": ("alih", _("Tetapkan penanggung jawab")),
        "reviewers": ("penelaah", _("Lihat penelaah")),
        "indicators": ("indikator", _("Buka indikator")),
    }
    if fix in pages:
        path, label = pages[fix]
        return {"href": f"/usulan/{case.number}/{path}", "label": label}
    step = flow.transition(case.stage, fix)
    return {
        "href": f"/usulan/{case.number}/langkah/{fix}",
        "label": step.title(locale) if step else _("Buka"),
    }


# --- history -------------------------------------------------------------------------------------------

FACT_TITLES = {
    "case.created": "Usulan dibuat",
    "case.offered": "Replikasi ditawarkan",
    "case.imported": "Masuk dari arsip",
    "case.import_undone": "Impor dibatalkan",
    "case.amended": "Data pokok diubah",
    "case.discussed": "Pesan dalam diskusi",
    "case.reviewed": "Penilaian penelaah diterima",
    "case.redacted": "Salinan tersamar diperiksa",
    "people.assigned": "Penelaah ditugaskan",
    "people.released": "Penugasan penelaah dicabut",
    "people.abstained": "Penelaah mengundurkan diri",
    "people.conflict_declared": "Benturan kepentingan dinyatakan",
    "people.conflict_dismissed": "Benturan kepentingan dikesampingkan",
    "people.handed_over": "Penanggung jawab berganti",
    "evidence.added": "Bukti dukung diunggah",
    "round.fell_short": "Putaran kurang penilaian",
    "deadline.brought_forward": "Batas waktu dimajukan oleh kalender",
    "deadline.put_off": "Batas waktu diundurkan oleh kalender",
    "deadline.extended": "Batas waktu diperpanjang",
    "deadline.nudged": "Pemegang giliran diingatkan langsung",
    "deadline.reminded": "Pemegang giliran diingatkan",
    "evidence.withdrawn": "Bukti dukung ditarik",
    "evidence.infected": "Bukti dukung ditolak: terdeteksi malware",
    "claim.named": "Parameter indikator ditetapkan",
    "claim.accepted": "Bukti indikator diterima",
    "claim.refused": "Bukti indikator ditolak",
    "desk.scheduled": "Desk pendampingan dijadwalkan",
    "desk.cancelled": "Jadwal desk pendampingan dibatalkan",
    "seminar.scheduled": "Seminar dijadwalkan",
    "seminar.moved": "Jadwal seminar berubah",
    "seminar.chair_changed": "Ketua sidang berganti",
    "seminar.cancelled": "Seminar dibatalkan",
    "seminar.attended": "Kehadiran seminar dicatat",
    "seminar.attendance_corrected": "Kehadiran seminar diperbaiki",
    "deadline.passed": "Batas waktu terlewati",
}


def timeline(
    case: Case,
    events: list[Event],
    people: Mapping[int, User],
    mails: Mapping[int, int],
    locale: str,
) -> list[dict[str, Any]]:
    """The history, newest first, as the `timeline` macro draws it."""
    return [_item(case, event, people, mails.get(event.id, 0), locale) for event in reversed(events)]


def _item(case: Case, event: Event, people: Mapping[int, User], mails: int, locale: str) -> dict[str, Any]:
    flow = process(case.process)
    details = []
    if "to" in event.data and event.data.get("from") != event.data["to"]:
        details.append((_("Status"), flow.states[event.data["to"]].title(locale)))
    about = people.get(event.data.get("user", 0))
    if about:
        details.append((_("Orang"), about.name))
    if "result" in event.data:
        result = event.data["result"]
        details.append((_("Nilai"), f"{dates.decimal(result['score'])} ({_('ambang')} {result['pass']})"))
    if event.data.get("indicator"):
        details.append((_("Indikator"), str(event.data["indicator"])))
    if "level" in event.data:
        details.append((_("Parameter"), str(event.data["level"])))
    if "file" in event.data:
        details.append((_("Berkas"), event.data["file"]))
    details += _moved(event)
    if "round" in event.data:
        words = _("%(given)s dari %(asked)s penelaah, kuorum %(quorum)s", **event.data["round"])
        details.append((_("Penilaian"), words))
    details += _source(event)
    if mails:
        details.append((_("Surel"), _("%(count)s surel", count=mails)))
    return {
        "id": f"e{event.seq}",
        "kind": _kind(event),
        "title": _event_title(flow, event, locale),
        "by": _by(event, people),
        "at": dates.long_moment(event.at),
        "at_iso": event.at.isoformat(),
        "note": (event.content or {}).get("note"),
        "details": details,
        "href": f"/usulan/{case.number}/versi/{event.seq}" if handed_in(event) else None,
    }


def _moved(event: Event) -> list[tuple[str, str]]:
    """The earlier and the new end of an extended deadline."""
    if "ended_at" not in event.data:
        return []
    before, after = _ends(event)
    return [(_("Batas waktu semula"), before), (_("Batas waktu baru"), after)]


def _ends(event: Event) -> tuple[str, str]:
    before, after = (datetime.fromisoformat(event.data[key]) for key in ("ended_at", "ends_at"))
    return dates.long_date(before), dates.long_date(after)


def _source(event: Event) -> list[tuple[str, str]]:
    """Where an imported case came from, and its row as it stood in the file."""
    source = event.data.get("source")
    if source is None:
        return []
    found = [(_("Berkas"), _("%(file)s, baris %(row)s", file=source["file"], row=source["row"]))]
    if event.data.get("version_of"):
        found.append((_("Versi dari"), event.data["version_of"]))
    return found + list((event.content or {}).get("row", {}).items())


def _kind(event: Event) -> str:
    if event.actor_id is None:
        return "system"
    return "decision" if "transition" in event.data and event.data["from"] != event.data["to"] else "fact"


def _event_title(flow: Process, event: Event, locale: str) -> str:
    if event.name == "case.created" and event.data.get("parent"):
        return _("Adopsi dicatat")
    step = flow.transition(event.name.partition(".")[0], event.data.get("transition", ""))
    return step.title(locale) if step else _(FACT_TITLES.get(event.name, event.name))


def _by(event: Event, people: Mapping[int, User]) -> str:
    user = people.get(event.actor_id or 0)
    if user is None:
        return _("sistem")
    return f"{user.name} ({_(ROLE_NAMES.get(event.role, event.role))})"


def extension(event: Event, people: Mapping[int, User]) -> dict[str, str]:
    """An extension as a line: from when to when, by whom, why."""
    before, after = _ends(event)
    told = {"by": _by(event, people), "at": dates.long_moment(event.at)}
    return told | {"before": before, "after": after, "reason": (event.content or {}).get("note", "")}


def stages_left(events: list[Event]) -> dict[str, datetime]:
    """When the case went on from each stage."""
    left = {}
    for event in events:
        before, after = str(event.data.get("from", "")), str(event.data.get("to", ""))
        if "." in before and before.partition(".")[0] != after.partition(".")[0]:
            left[before.partition(".")[0]] = event.at
    return left


def initials(name: str) -> str:
    """RS for Rina Setyawati, S.Gz."""
    words = [w for w in name.split(",", maxsplit=1)[0].split() if w[:1].isalpha() and not w.endswith(".")]
    return "".join(w[0] for w in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


def row(case: Case, now: datetime, locale: str, *, people: bool = True) -> dict[str, Any]:
    """A case as one line of a list, with its owner's name where `people` are loaded."""
    text, tone = state_pill(case, now, locale)
    owner = case.holder("proposer") if people else None
    return {
        "number": case.number,
        "title": case.title,
        "href": f"/usulan/{case.number}",
        "agency": case.agency.short_name,
        "category": category_words(case.category),
        "owner": owner.name if owner else "",
        "state": text,
        "tone": tone,
        "turn": turn_words(case),
        "due": dates.long_date(case.due_at) if case.due_at else "",
        "due_words": due_words(case, now),
        "late": is_late(case, now),
        "marks": stage_marks(case, now, locale),
        "updated": dates.long_date(case.updated_at),
        "created": dates.long_date(case.created_at),
        "cohort": case.cohort.name if case.cohort else "",
    }


def member(
    member: Member, members: list[Member], seen: set[str], now: datetime, locale: str
) -> dict[str, Any]:
    """A case of a family as a row; `seen` are the numbers that the reader may open."""
    case = member.case
    text, tone = state_pill(case, now, locale)
    origin = next((m.case for m in members if m.case.id == case.parent_id), None)
    return {
        "case": case,
        "generation": member.generation,
        "origin": origin.agency.short_name if origin else "",
        "state": text,
        "tone": tone,
        "href": f"/usulan/{case.number}" if case.number in seen else None,
        "adoptable": member.generation > 0 and can_be_adopted(case),
    }


def category_words(category: str) -> str:
    return _("Digital") if category == "digital" else _("Non digital")
