"""A case as an entry: its year, its indicators with their evidence, both scores, and whether it may enter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from workflow import dates
from workflow.clock import WIB
from workflow.definition import process, versions
from workflow.iid import years
from workflow.iid.catalogue import Catalogue, Indicator, borrowed, catalogue_for
from workflow.iid.maturity import Claim, Gain, Maturity, gains, maturity, missing
from workflow.models import Case, Draft, Event, Evidence, IndicatorClaim
from workflow.models.entries import ACCEPTED, REFUSED
from workflow.prefill import prefilled
from workflow.validation import count_words

PROFILE = "iga_profile"
SENT = "competition.sent"
FURTHEST = 5
OfCase = TypeVar("OfCase", Event, Draft, IndicatorClaim, Evidence)


@dataclass(frozen=True)
class Row:
    """One indicator of an entry."""

    indicator: Indicator
    claim: IndicatorClaim | None
    evidence: tuple[Evidence, ...]

    @property
    def level(self) -> int:
        return self.claim.level if self.claim else 0

    @property
    def evidenced(self) -> bool:
        return bool(self.evidence) or bool(self.claim and self.claim.link)

    @property
    def state(self) -> str:
        """empty, unproven, waiting, accepted or refused."""
        if self.claim is None or not self.claim.level:
            return "empty"
        return self.claim.state if self.evidenced else "unproven"


@dataclass(frozen=True)
class Requirement:
    """One condition of taking part, met or not, with its present value in words."""

    rule: str
    met: bool
    message: str


@dataclass(frozen=True)
class Standing:
    """Where an entry stands on its way to the index of a year."""

    year: int
    catalogue: Catalogue
    profile: Mapping[str, Any]
    rows: tuple[Row, ...]
    requirements: tuple[Requirement, ...]

    @property
    def borrowed(self) -> str | None:
        return borrowed(self.year)

    @cached_property
    def claims(self) -> Mapping[str, Claim]:
        return {r.indicator.number: Claim(r.level, r.evidenced, r.state == ACCEPTED) for r in self.rows}

    @cached_property
    def maturity(self) -> Maturity:
        return maturity(self.catalogue, self.claims)

    @cached_property
    def gains(self) -> list[Gain]:
        return gains(self.catalogue, self.claims)

    @cached_property
    def missing(self) -> list[Indicator]:
        return missing(self.catalogue, self.claims)

    def having(self, *states: str) -> list[Row]:
        return [row for row in self.rows if row.state in states]

    def requirement(self, rule: str) -> Requirement:
        return next(r for r in self.requirements if r.rule == rule)


def is_entry(case: Case) -> bool:
    """Whether the case stands in a stage that is scored by a catalogue."""
    return process(case.process).stages[case.stage].scored


def standing(session: Session, case: Case) -> Standing:
    """The entry as it stands; read once per version of the case within a session."""
    key = ("standing", case.id, case.version, case.draft_revision)
    if key not in session.info:
        session.info[key] = standings(session, [case])[case.id]
    found: Standing = session.info[key]
    return found


def standings(session: Session, cases: Sequence[Case]) -> dict[int, Standing]:
    """The same for many entries, by case, in a number of queries that does not grow with them."""
    ids = [case.id for case in cases]
    arrivals = _grouped(
        session,
        select(Event).where(Event.case_id.in_(ids), Event.name.in_(_arrivals())).order_by(Event.seq),
    )
    drafts = _grouped(session, select(Draft).where(Draft.case_id.in_(ids), Draft.form == PROFILE))
    claims = _grouped(session, select(IndicatorClaim).where(IndicatorClaim.case_id.in_(ids)))
    evidence = _grouped(
        session,
        select(Evidence)
        .where(Evidence.case_id.in_(ids), Evidence.indicator.is_not(None), Evidence.withdrawn_at.is_(None))
        .order_by(Evidence.id),
    )
    known = years.windows(session)
    return {
        case.id: _standing(
            case,
            known,
            arrivals.get(case.id, []),
            drafts.get(case.id, []),
            claims.get(case.id, []),
            evidence.get(case.id, []),
        )
        for case in cases
    }


@cache
def _arrivals() -> tuple[str, ...]:
    """The events by which a case becomes a candidate or goes to the ministry, in any version."""
    flows = [process(version) for version in versions()]
    targets = {SENT, *(stage.start for flow in flows for stage in flow.stages.values() if stage.scored)}
    return tuple(sorted({t.event for flow in flows for t in flow.transitions if t.to in targets}))


def _grouped(session: Session, query: Select[OfCase]) -> dict[int, list[OfCase]]:
    found: dict[int, list[OfCase]] = {}
    for row in session.scalars(query):
        found.setdefault(row.case_id, []).append(row)
    return found


def _standing(
    case: Case,
    known: Mapping[int, years.Window],
    events: list[Event],
    drafts: list[Draft],
    claims: list[IndicatorClaim],
    evidence: list[Evidence],
) -> Standing:
    document = profile(case, drafts[0].data if drafts else None)
    year, times = _entered(case, events, known, document)
    before = _sent_before(case, events)
    catalogue = catalogue_for(year)
    held = {c.indicator: c for c in claims}
    files: dict[str, list[Evidence]] = {}
    for proof in evidence:
        files.setdefault(proof.indicator or "", []).append(proof)
    rows = tuple(Row(i, held.get(i.number), tuple(files.get(i.number, ()))) for i in catalogue.sid)
    requirements = tuple(_requirements(case, catalogue, year, times, before, document, rows))
    return Standing(year, catalogue, document, rows, requirements)


def profile(case: Case, draft: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The profil inovasi as it stands: being written, else submitted, else what earlier forms can give."""
    held = draft or case.forms.get(PROFILE)
    return held if isinstance(held, dict) else prefilled(PROFILE, case.forms)


def _entered(
    case: Case,
    events: list[Event],
    known: Mapping[int, years.Window],
    document: Mapping[str, Any],
) -> tuple[int, int]:
    """The award year and how often the case has entered so far, this time included.

    The year is the first whose window had not closed when the case became a candidate and in which its
    penerapan or pengembangan counts; where neither ever does, the first such window alone.
    """
    start = process(case.process).stages[case.stage].start
    arrivals = [e for e in events if e.data.get("to") == start and e.data.get("from") != start]
    since = (arrivals[-1].at if arrivals else case.entered_at).astimezone(WIB).date()
    asked = range(since.year, since.year + FURTHEST)
    taking = [y for y in asked if (known.get(y) or years.shipped(y)).closes >= since]
    fitting = [y for y in taking if counting(document, y) is not None]
    given = any(when for _what, when in moments(document))
    return (fitting if fitting and given else taking)[0], max(len(arrivals), 1)


def _sent_before(case: Case, events: list[Event]) -> frozenset[int]:
    """The years in which earlier entries of this case went to the ministry; each took part in that year."""
    start = process(case.process).stages[case.stage].start
    arrived = max(
        (e.seq for e in events if e.data.get("to") == start and e.data.get("from") != start), default=0
    )
    return frozenset(
        e.at.astimezone(WIB).year for e in events if e.data.get("to") == SENT and e.seq < arrived
    )


def moments(document: Mapping[str, Any]) -> list[tuple[str, date | None]]:
    """When the innovation was applied, and when it was developed if the profile says so."""
    developed = document.get("development_date") if document.get("developed") else None
    return [("Penerapan", _date(document.get("implementation_date"))), ("Pengembangan", _date(developed))]


def counting(document: Mapping[str, Any], year: int) -> tuple[str, date] | None:
    """The first of them that lies in the window of an award year."""
    rules = catalogue_for(year).entry
    inside = range(year + rules.first_year, year + rules.last_year + 1)
    return next(((what, when) for what, when in moments(document) if when and when.year in inside), None)


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


# --- may it enter? -----------------------------------------------------------------------------------


def _requirements(
    case: Case,
    catalogue: Catalogue,
    year: int,
    times: int,
    before: frozenset[int],
    document: Mapping[str, Any],
    rows: tuple[Row, ...],
) -> Iterable[Requirement]:
    rules = catalogue.entry
    stage = process(case.process).stages[case.stage].tahapan
    yield Requirement("tahapan", stage == rules.tahapan, f"Tahapan {stage}; yang dinilai {rules.tahapan}.")
    yield _in_window(catalogue, year, document)
    words = count_words(document.get("design", {}))
    enough = "cukup" if words >= rules.least_words else f"minimal {rules.least_words} kata"
    yield Requirement("words", words >= rules.least_words, f"Rancang bangun {words} kata, {enough}.")
    affair = document.get("main_affair")
    yield Requirement(
        "affair", bool(affair), f"Urusan utama: {affair}." if affair else "Urusan utama belum dipilih."
    )
    decree = case.forms.get("decree")
    number = decree.get("number", "") if isinstance(decree, dict) else ""
    yield Requirement(
        "decree",
        decree is not None,
        f"Penetapan {number} sudah dicatat."
        if decree
        else "Penetapan inovasi (SK, Perkada, atau Perda) belum dicatat.",
    )
    yield Requirement(
        "times", times <= rules.at_most, f"Keikutsertaan ke-{times} dari paling banyak {rules.at_most}."
    )
    yield Requirement(
        "once",
        year not in before,
        f"Sudah dikirim untuk IGA {year}; ikutkan kembali pada tahun berikutnya, dengan pengembangan."
        if year in before
        else f"Belum pernah dikirim untuk IGA {year}.",
    )
    yield _mandatory(rows)


def _in_window(catalogue: Catalogue, year: int, document: Mapping[str, Any]) -> Requirement:
    first, last = year + catalogue.entry.first_year, year + catalogue.entry.last_year
    span = f"1 Januari {first}–31 Desember {last}"
    counted, (_what, applied) = counting(document, year), moments(document)[0]
    if counted is not None:
        what, when = counted
        message = f"{what} {dates.long_date(when)} dalam rentang {span}."
    elif applied is None:
        message = f"Waktu penerapan belum diisi; rentang IGA {year} {span}."
    else:
        message = f"Penerapan {dates.long_date(applied)} di luar rentang {span}."
        if applied.year < first:
            message += " Inovasi yang lebih lama memerlukan pengembangan bertanggal dalam rentang itu."
    return Requirement("window", counted is not None, message)


def _mandatory(rows: tuple[Row, ...]) -> Requirement:
    asked = [r for r in rows if r.indicator.mandatory]
    lacking = [r for r in asked if r.state in {"empty", "unproven", REFUSED}]
    if not asked:
        return Requirement(
            "mandatory", met=True, message="Indikator mandatori tidak ditemukan pada katalog ini."
        )
    if not lacking:
        return Requirement("mandatory", met=True, message=f"{len(asked)} indikator mandatori berbukti.")
    names = "; ".join(r.indicator.title for r in lacking)
    return Requirement("mandatory", met=False, message=f"Indikator mandatori belum berbukti: {names}.")
