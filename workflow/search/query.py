"""The language of the search box: `tahap:uji_coba opd:dinkes terlambat`, words and "phrases"."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz import fuzz, process
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import case_lists, policy, queries
from workflow.definition import every_stage, every_state
from workflow.errors import Invalid, Problem
from workflow.models import Agency, Cohort
from workflow.phrases import ROLE_NAMES
from workflow.search.words import words
from workflow.validation import schema

PIECE = re.compile(r'(?:([A-Za-z_]+):)?("[^"]*"?|[^\s"]+)\s*')
MONTH = re.compile(r"2[0-9]{3}-(0[1-9]|1[0-2])")
NO_KEY = re.compile(r"//|\s|$")  # what follows the colon of an address, or of a title
CLOSE = 60
MOST_SHOWN = 8


@dataclass(frozen=True)
class Option:
    """A value with the names by which people may ask for it; the first is how we write it."""

    value: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """A word before a colon. Without options any text goes."""

    name: str
    field: str
    help: str
    also: tuple[str, ...] = ()
    options: Callable[[Session], Sequence[Option]] | None = None


@dataclass(frozen=True)
class Flag:
    """A word of its own that narrows; `title` says it beside a list."""

    name: str
    field: str
    title: str
    help: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A question: filters by the names of `case_lists.Filters`, and the words that remain."""

    filters: dict[str, Any] = field(default_factory=dict)
    words: str = ""


def parse(session: Session, text: str) -> Asked:
    """Raises Invalid, at /q, with each part that means nothing and what is possible instead."""
    filters: dict[str, Any] = {}
    rest: list[str] = []
    problems: list[Problem] = []
    for key, value in _pieces(text):
        if key is None:
            if value.lower() in FLAG_BY_NAME:
                filters[FLAG_BY_NAME[value.lower()].field] = True
            else:
                rest.append(value)
            continue
        try:
            known = _key(key)
            filters[known.field] = _value(session, known, value.strip('"').strip())
        except LookupError as fault:
            problems.append(Problem("/q", str(fault.args[0])))
    if problems:
        raise Invalid(problems)
    return Asked(filters, " ".join(rest))


def _pieces(text: str) -> Iterable[tuple[str | None, str]]:
    for found in PIECE.finditer(text):
        key, value = found.groups()
        if key is not None and NO_KEY.match(value):
            yield None, found.group().strip()
        else:
            yield key, value


def _key(name: str) -> Key:
    """Raises LookupError with what is possible."""
    known = BY_NAME.get(name.lower())
    if known is not None:
        return known
    guess = process.extractOne(name.lower(), list(BY_NAME), scorer=fuzz.ratio, score_cutoff=CLOSE)
    hint = f" Mungkin maksud Anda “{BY_NAME[guess[0]].name}:”." if guess else ""
    possible = ", ".join(f"{key.name}:" for key in KEYS)
    words = " dan ".join(flag.name for flag in FLAGS)
    raise LookupError(f"Kunci “{name}:” tidak dikenal.{hint} Yang tersedia: {possible} serta kata {words}.")


def _value(session: Session, key: Key, text: str) -> Any:  # noqa: ANN401 - the filters differ in type
    if key.field == "year":
        if re.fullmatch(r"[2][0-9]{3}", text):
            return int(text)
        raise LookupError(f"“{text}” bukan tahun; tulis misalnya tahun:2022.")
    if key.field in MONTHS:
        if MONTH.fullmatch(text):
            return text
        raise LookupError(f"“{text}” bukan bulan; tulis misalnya {key.name}:2022-09.")
    if key.options is None:
        return text[:120]
    return _choose(key, key.options(session), text)


def _choose(key: Key, options: Sequence[Option], text: str) -> str:
    wanted = slug(text)
    exact = [o for o in options if wanted in {slug(o.value), *map(slug, o.names)}]
    begun = [o for o in options if wanted and any(slug(name).startswith(wanted) for name in o.names)]
    found = {o.value for o in exact} or {o.value for o in begun}
    if len(found) == 1:
        return found.pop()
    shown = [f"{key.name}:{written(o)}" for o in (exact or begun or _closest(options, wanted))][:MOST_SHOWN]
    if found:
        raise LookupError(f"“{key.name}:{text}” dapat berarti beberapa hal; pilih {', '.join(shown)}.")
    raise LookupError(f"“{text}” tidak dikenal untuk {key.name}:. Pilihan terdekat: {', '.join(shown)}.")


def _closest(options: Sequence[Option], wanted: str) -> list[Option]:
    names = {name: o for o in reversed(options) for name in o.names}
    near = process.extract(wanted, names.keys(), scorer=fuzz.WRatio, processor=slug, limit=MOST_SHOWN)
    return list({names[name].value: names[name] for name, _score, _at in near}.values())


def slug(text: str) -> str:
    return "_".join(words(text))


def written(option: Option) -> str:
    return slug(option.names[0])


def text_of(session: Session, filters: case_lists.Filters) -> str:
    """A question that parses to these filters."""
    parts = [_part(session, key, getattr(filters, key.field)) for key in KEYS if getattr(filters, key.field)]
    parts += [flag.name for flag in FLAGS if getattr(filters, flag.field)]
    return " ".join([*parts, *([filters.q] if filters.q else [])])


def _part(session: Session, key: Key, value: object) -> str:
    names: Mapping[str, str] = {}
    if key.options is not None and key.field not in {"agency", "cohort"}:
        names = {o.value: written(o) for o in key.options(session)}
    said = names.get(str(value), str(value))
    return f'{key.name}:"{said}"' if " " in said else f"{key.name}:{said}"


# --- what can be asked ---------------------------------------------------------------------------------


def _stages(_session: Session) -> list[Option]:
    innovation = (s for s in every_stage().values() if s.pipeline == "innovation")
    stages = {s.name: s for s in sorted(innovation, key=lambda s: s.order)}
    found = [Option(s.name, (s.title("id"), s.title("en"), s.name)) for s in stages.values()]
    by_tahapan: dict[str, list[str]] = {}
    for stage in stages.values():
        by_tahapan.setdefault(stage.tahapan, []).append(stage.name)
    alone = {stages[0]: tahapan for tahapan, stages in by_tahapan.items() if len(stages) == 1}
    return [Option(o.value, (*o.names, alone[o.value])) if o.value in alone else o for o in found]


def _states(_session: Session) -> list[Option]:
    return [
        Option(name, (name.replace(".", "_"), name.partition(".")[2], s.title("id"), s.title("en")))
        for name, s in every_state().items()
    ]


def _owners(_session: Session) -> list[Option]:
    return [
        Option(role, (ROLE_NAMES[role], role)) for role in policy.CASE_ROLES if queries.states_owned_by(role)
    ]


def _categories(_session: Session) -> list[Option]:
    return [Option("digital", ("digital",)), Option("non_digital", ("non_digital", "nondigital"))]


def _affairs(_session: Session) -> list[Option]:
    return [Option(name, (name,)) for name in schema("change_plan")["properties"]["main_affair"]["enum"]]


def _agencies(session: Session) -> list[Option]:
    rows = session.execute(select(Agency.code, Agency.short_name, Agency.name, Agency.aliases))
    return [Option(code, (code, short, name, *aliases)) for code, short, name, aliases in rows]


def _cohorts(session: Session) -> list[Option]:
    rows = session.execute(select(Cohort.code, Cohort.name).order_by(Cohort.year.desc(), Cohort.name))
    return [Option(code, (code, name)) for code, name in rows]


KEYS = (
    Key("tahap", "stage", "tahap perjalanan inovasi", ("stage",), _stages),
    Key("status", "state", "status di dalam tahap", ("state",), _states),
    Key("giliran", "owner", "siapa yang memegang giliran", ("owner",), _owners),
    Key("opd", "agency", "perangkat daerah, termasuk unit di bawahnya", ("instansi", "agency"), _agencies),
    Key("urusan", "affair", "urusan pemerintahan utama", ("affair",), _affairs),
    Key("jenis", "category", "digital atau non_digital", ("category",), _categories),
    Key("angkatan", "cohort", "angkatan pelatihan", ("cohort",), _cohorts),
    Key("tahun", "year", "tahun nomor usulan", ("year",)),
    Key("pengusul", "proposer", "nama pengusul", ("proposer",)),
    Key("mencapai", "reached", "tahap yang pernah dimasuki", ("reached",), _stages),
    Key("masuk", "begun", "bulan mulai, misalnya 2022-09", ("begun",)),
    Key("selesai", "ended", "bulan berakhir, misalnya 2022-09", ("ended",)),
)
MONTHS = ("begun", "ended")
BY_NAME = {name: key for key in KEYS for name in (key.name, *key.also)}
FLAGS = (
    Flag("terlambat", "late", "Terlambat", "batas waktunya sudah lewat", ("late",)),
    Flag("berjalan", "running", "Masih berjalan", "belum berakhir", ("running",)),
    Flag("perlu_penelaah", "lacking", "Perlu penelaah", "penelaahnya belum cukup", ("lacking",)),
    Flag(
        "kurang_penilaian",
        "short",
        "Putaran kurang penilaian",
        "waktu menelaah berakhir sebelum kuorum",
        ("short",),
    ),
)
FLAG_BY_NAME = {name: flag for flag in FLAGS for name in (flag.name, *flag.also)}
