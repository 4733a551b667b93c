"""Which agencies would fit an innovation, and why: shared urusan, kind, neighbourhood, a problem they stated.

A suggestion for the coordinator, who decides; the weights are ours. The size of agencies is not on record.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from workflow import adoptions, dates
from workflow.adoptions import Member
from workflow.calendar import wib_date
from workflow.models import Agency, Case, Event, User

LATEST = 500
"""How many of the newest cases are read for what agencies deal with."""

AFFAIR, OTHER, KIND, NEAR, SIBLING, PROBLEM, REFUSED = 40, 20, 25, 20, 10, 25, -30
SHARED_WORDS, RARE = 4, 3
WORD = re.compile(r"[a-z]{6,}")
STATED = (("innovation_proposal", "summary"), ("change_plan", "summary"), ("adoption_interest", "problem"))
AFFAIRS = ("innovation_proposal", "change_plan", "iga_profile")


@dataclass(frozen=True)
class Match:
    """An agency with its score and the reasons in words; `refused` is the earlier answer, if any."""

    agency: Agency
    score: int
    reasons: list[str]
    refused: str | None


@dataclass(frozen=True)
class _Known:
    """What the newest cases say of one agency."""

    affairs: Mapping[str, str]
    words: Mapping[str, frozenset[str]]


def matches(session: Session, root: Case, today: date, limit: int = 12) -> list[Match]:
    """The agencies that could adopt and have a head to ask, best first; those with no reason are left out."""
    members = adoptions.family(session, root)
    known = _known(session)
    places = _places(session)
    found = [
        match
        for agency in _candidates(session, today)
        if not adoptions.objections(members, root, agency)
        and (match := _match(session, members, agency, known, places)).reasons
    ]
    return sorted(found, key=lambda m: (-m.score, m.agency.name))[:limit]


def affairs_of(case: Case) -> list[str]:
    """The urusan that a case names, its main one first."""
    forms = [case.forms[name] for name in AFFAIRS if isinstance(case.forms.get(name), dict)]
    main = [form["main_affair"] for form in forms if form.get("main_affair")]
    others = [affair for form in forms for affair in form.get("other_affairs", [])]
    return list(dict.fromkeys([*main, *others]))


def _candidates(session: Session, today: date) -> list[Agency]:
    heads = select(User.agency_id).where(User.heads_agency.is_(True), User.active.is_(True))
    rows = session.scalars(select(Agency).where(Agency.id.in_(heads)).order_by(Agency.name))
    return [
        agency
        for agency in rows
        if (agency.valid_from or today) <= today and (agency.valid_to or today) >= today
    ]


def _match(
    session: Session,
    members: Sequence[Member],
    agency: Agency,
    known: Mapping[int, _Known],
    places: Sequence[str],
) -> Match:
    root = members[0].case
    found = list(_reasons(root, agency, known.get(agency.id), places))
    refused = _refusal(session, members, agency)
    score = sum(points for points, _text in found) + (REFUSED if refused else 0)
    return Match(agency, score, [text for _points, text in found], refused)


def _reasons(
    root: Case, agency: Agency, known: _Known | None, places: Sequence[str]
) -> Iterator[tuple[int, str]]:
    shared = next((a for a in affairs_of(root) if known and a in known.affairs), None)
    if shared and known:
        main = shared == affairs_of(root)[0]
        yield AFFAIR if main else OTHER, f"Urusan yang sama: {shared} ({known.affairs[shared]})"
    if agency.kind == root.agency.kind:
        yield KIND, f"Jenis yang sama dengan {root.agency.short_name}"
    near = _near(root.agency, agency, places)
    if near:
        yield NEAR, f"Sama-sama di Kecamatan {near}"
    elif agency.parent_id is not None and agency.parent_id == root.agency.parent_id:
        yield SIBLING, "Di bawah perangkat daerah yang sama"
    common = _common(root, known)
    if common:
        yield PROBLEM, f"Masalah yang pernah disampaikan serupa: {common}"


def _near(one: Agency, other: Agency, places: Sequence[str]) -> str | None:
    return next((p for p in places if _names(one, p) and _names(other, p)), None)


def _names(agency: Agency, place: str) -> bool:
    return re.search(rf"\b{re.escape(place)}\b", agency.name) is not None


def _places(session: Session) -> list[str]:
    """The names of the kecamatan."""
    names = session.scalars(select(Agency.name).where(Agency.kind == "kecamatan").order_by(Agency.name))
    return [name.removeprefix("Kecamatan ") for name in names]


def _common(root: Case, known: _Known | None) -> str | None:
    """The agency's case that states the most similar problem: at least some longer words in common."""
    own = _words(root)
    held = known.words.items() if known else ()
    best = max(held, key=lambda pair: len(pair[1] & own), default=None)
    if best is None or len(best[1] & own) < SHARED_WORDS:
        return None
    return f"{', '.join(sorted(best[1] & own)[:SHARED_WORDS])} ({best[0]})"


def _words(case: Case) -> frozenset[str]:
    texts = [case.forms[form].get(key) for form, key in STATED if isinstance(case.forms.get(form), dict)]
    return frozenset(WORD.findall(" ".join(t for t in texts if isinstance(t, str)).lower()))


def _known(session: Session) -> dict[int, _Known]:
    newest = select(Case).where(Case.voided_at.is_(None)).order_by(Case.id.desc()).limit(LATEST)
    cases = list(session.scalars(newest.options(lazyload(Case.participants))))
    words = {case.id: _words(case) for case in cases}
    seen = Counter(word for held in words.values() for word in held)
    everyday = {word for word, count in seen.items() if count > max(RARE, len(cases) // 12)}
    found: dict[int, _Known] = {}
    for case in cases:
        before = found.get(case.agency_id, _Known({}, {}))
        affairs = dict.fromkeys(affairs_of(case), case.number)
        stated = {**before.words, case.number: words[case.id] - everyday}
        found[case.agency_id] = _Known(affairs | dict(before.affairs), stated)
    return found


def _refusal(session: Session, members: Sequence[Member], agency: Agency) -> str | None:
    """What the agency answered the last time, and when."""
    ended = adoptions.refusals(members, agency)
    if not ended:
        return None
    last = ended[0]
    query = select(Event).where(Event.case_id == last.id, Event.seq == last.visit)
    event = session.scalars(query).one_or_none()
    note = ((event.content or {}).get("note") if event else None) or "tanpa catatan"
    return f"{dates.long_date(wib_date(last.entered_at))}: {note} ({last.number})"
