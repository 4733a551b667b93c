"""What is wrong with stage files, all of it at once, as sentences."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workflow.definition import BEGINNING, GuardCall, Process, State, Transition, build
from workflow.errors import Problem


@dataclass(frozen=True)
class Names:
    """What a stage file may refer to; guards with the parameters each takes, and whether it needs them."""

    guards: Mapping[str, Mapping[str, bool]]
    forms: frozenset[str]
    rubrics: frozenset[str]
    handlers: frozenset[str]
    audiences: frozenset[str]
    mails: frozenset[str]


def check(
    version: str, parsed: Mapping[str, dict[str, Any]], names: Names, structure: Iterable[Problem]
) -> list[str]:
    """Every fault of parsed stage files, as sentences; `structure` are those of the JSON Schema."""
    faults = [f"{problem.pointer}: {problem.message}" for problem in structure]
    if faults:
        return faults
    found = build(version, parsed)
    faults += [fault for t in found.transitions for fault in _transition_faults(found, t, names)]
    faults += [fault for s in found.states.values() for fault in _state_faults(found, s, names)]
    faults += _duplicates(found)
    faults += _mixed_collections(found)
    faults += _circles(found)
    faults += _blind_faults(found)
    faults += [
        f"{s.name}: tahap mulai {s.start} tidak ada" for s in found.stages.values() if s.start not in s.states
    ]
    faults += _archive_faults(found)
    return faults + _unreachable(found)


def _transition_faults(process: Process, t: Transition, names: Names) -> Iterator[str]:
    where = f"{t.stage} → {t.name}"
    yield from (f"{where}: {fault}" for fault in _unknown_names(process, t, names))
    yield from (
        f"{where}: {fault}" for guard in t.guards for fault in _guard_faults(process, t, guard, names)
    )
    if t.by_system and (t.form or t.note or len(t.by) > 1):
        yield f"{where}: langkah sistem tidak mengisi formulir, catatan, atau berbagi dengan orang"
    if t.collect and t.form is None:
        yield f"{where}: collect tanpa form"


def _unknown_names(process: Process, t: Transition, names: Names) -> Iterator[str]:
    yield from (f"state {s} tidak ada" for s in (*t.origins, t.to) if s not in process.states)
    if t.form is not None and t.form not in names.forms:
        yield f"formulir {t.form} tidak ada di schemas/forms"
    yield from (f"handler {h} tidak dikenal" for h in t.then if h not in names.handlers)
    yield from (f"penerima {a} tidak dikenal" for a in t.notify if a not in names.audiences)
    yield from (f"surel {m} tidak punya templat" for m in t.notify.values() if m not in names.mails)


def _guard_faults(process: Process, t: Transition, guard: GuardCall, names: Names) -> Iterator[str]:
    if guard.name not in names.guards:
        yield f"guard {guard.name} tidak dikenal"
    form, step = guard.arguments.get("form"), guard.arguments.get("transition")
    if form is not None and form not in names.forms:
        yield f"guard {guard.name} menyebut formulir {form} yang tidak ada"
    if step is not None and process.transition(t.stage, step) is None:
        yield f"guard {guard.name} menyebut langkah {step} yang tidak ada"
    taken = names.guards.get(guard.name, {})
    for name in sorted(set(guard.arguments) - set(taken)):
        yield f"guard {guard.name} tidak mengenal parameter {name}"
    for name in sorted(name for name, needed in taken.items() if needed and name not in guard.arguments):
        yield f"guard {guard.name} memerlukan parameter {name}"
    if guard.arguments.get("at_least", 1) > 1 and form not in _collected(process):
        yield f"guard {guard.name} menunggu beberapa {form}, tetapi tidak ada langkah yang mengumpulkannya"


def _collected(process: Process) -> set[str | None]:
    return {t.form for t in process.transitions if t.collect}


def _mixed_collections(process: Process) -> Iterator[str]:
    """A case holds a form once or as a list, never now one and now the other."""
    collected = _collected(process)
    for t in process.transitions:
        if t.form in collected and not t.collect:
            yield f"{t.stage} → {t.name}: formulir {t.form} dikumpulkan langkah lain, di sini tidak"


def _circles(process: Process) -> Iterator[str]:
    """Steps of the system that lead back to where they began would never come to rest."""
    onward = {s: {t.to for t in process.automatic(s)} for s in process.states}
    for state in process.states:
        reached, frontier = set[str](), [state]
        while frontier:
            new = onward.get(frontier.pop(), set()) - reached
            reached |= new
            frontier += new
        if state in reached:
            yield f"{state}: langkah sistem berputar kembali ke sini tanpa henti"


def _state_faults(process: Process, state: State, names: Names) -> Iterator[str]:
    leaving = [t for t in process.leaving(state.name) if t.to != state.name]
    if not leaving and state.outcome is None:
        yield f"{state.name}: buntu, tidak ada langkah keluar dan tidak ada outcome"
    if state.review and state.review.rubric not in names.rubrics:
        yield f"{state.name}: rubrik {state.review.rubric} tidak ada di schemas/rubrics"
    if state.review and state.review.quorum > state.review.reviewers:
        yield f"{state.name}: kuorum {state.review.quorum} melebihi {state.review.reviewers} penelaah"
    if not state.review and any(g.name == "round_short" for t in leaving for g in t.guards):
        yield f"{state.name}: round_short tanpa review"
    if state.review and state.review.outside > state.review.quorum:
        yield f"{state.name}: {state.review.outside} penelaah luar melebihi kuorum {state.review.quorum}"
    if state.review and (state.review.spread is not None or state.review.opposed):
        calls = {g.name for t in process.automatic(state.name) for g in t.guards}
        if not {"reviews_agree", "reviews_disagree"} <= calls:
            yield f"{state.name}: aturan disagree tanpa langkah reviews_agree dan reviews_disagree"
    if state.extend and state.due is None:
        yield f"{state.name}: extend tanpa due atau review"
    if state.due and state.due.working_days and max(state.due.remind, default=0) >= state.due.working_days:
        yield f"{state.name}: pengingat sebelum masa {state.due.working_days} hari kerja dimulai"


def _blind_faults(process: Process) -> Iterator[str]:
    """Seminars are held in public; what a round past the first stage hides, the registry tells everybody."""
    first = [stage.name for stage in process.pipeline(BEGINNING)[:1]]
    for name in sorted(process.blind_states()):
        if process.states[name].stage not in first:
            yield f"{name}: blind setelah inovasi tampil di registri publik tidak menyamarkan apa pun"
        if process.states[name].seminar:
            yield f"{name}: blind pada seminar, yang dihadiri pengusulnya"


def _duplicates(process: Process) -> Iterator[str]:
    for stage in process.stages.values():
        names = [t.name for t in stage.transitions]
        yield from (
            f"{stage.name} → {n}: nama ganda" for n in sorted({n for n in names if names.count(n) > 1})
        )
        if any(s.order == stage.order and s.name < stage.name for s in process.pipeline(stage.pipeline)):
            yield f"{stage.name}: urutan {stage.order} sudah dipakai tahap lain"
        events = [t.event for t in stage.transitions]
        yield from (
            f"{stage.name}: peristiwa {e} ganda" for e in sorted({e for e in events if events.count(e) > 1})
        )


def _archive_faults(process: Process) -> Iterator[str]:
    entries = [(s.name, s.tahapan, s.archive) for s in process.stages.values() if s.archive is not None]
    yield from (
        f"{name}: state {state} tidak ada" for name, _, state in entries if state not in process.states
    )
    for tahapan in sorted({stage.tahapan for stage in process.pipeline("innovation")}):
        if [t for _, t, _ in entries].count(tahapan) != 1:
            yield f"tahapan {tahapan}: tepat satu tahap harus menyebut archive"


def _unreachable(process: Process) -> list[str]:
    pipelines = {s.pipeline for s in process.stages.values()}
    if BEGINNING not in pipelines:
        return [f"tidak ada tahap pada alur {BEGINNING}"]
    seen = {process.first_state(p) for p in pipelines}
    frontier = list(seen)
    while frontier:
        for t in process.leaving(frontier.pop()):
            if t.to not in seen:
                seen.add(t.to)
                frontier.append(t.to)
    return [f"{state}: tidak ada jalan masuk" for state in process.states if state not in seen]
