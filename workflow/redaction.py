"""The redacted copy of a case, by which a blind round judges: its answers without what says whose it is.

Answers to questions that ask for it (`x-identifies` in a form) are left out. In all other text the people of
the case, its agency and the one above it, its title, addresses and long numbers give way to a mark. Those
who assign the reviewers may write each text anew; such a text lasts as long as the answer under it.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.db import canonical
from workflow.guards import head_of
from workflow.models import Agency, Case, Event, User
from workflow.validation import label, schema

MARK = "[disamarkan]"
CHECKED = "case.redacted"
LONGEST = 20_000
LEAST_NAME, SHORT = 3, 4
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
ELSEWHERE = (
    r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)+",
    r"https?://\S+|\bwww\.\S+",
    r"(?<!\d)\d(?:[ .]?\d){17}(?!\d)",
    r"(?<![\w])(?:\+62|62|0)8\d{1,2}[ -]?\d{3,4}[ -]?\d{3,5}(?!\d)",
)
"""Mail and web addresses, NIP, mobile numbers: whoever's they are, they lead to somebody."""

Redact = Callable[[str], str]


@dataclass(frozen=True)
class Text:
    """One text of the copy: where it stands, what was written, and what a reviewer reads."""

    at: str
    title: str
    original: str
    shown: str
    edited: bool


@dataclass(frozen=True)
class Check:
    """The last look that somebody took at the copy; `current` if the answers are still those."""

    event: Event
    current: bool


@dataclass(frozen=True)
class Copy:
    """What a reviewer of a blind round reads. `forms` are like those of the case, `left_out` their titles."""

    title: str
    forms: dict[str, Any]
    texts: list[Text]
    left_out: list[str]
    check: Check | None
    redact: Redact


def name_of(case: Case) -> str:
    """What a case is called where its title is not told."""
    return f"Inovasi {case.number}"


def title_for(user: User, case: Case) -> str:
    """What this person may call a case."""
    return name_of(case) if policy.is_blind(user, case) else case.title


def page_for(user: User, case: Case) -> str:
    """Where this person reads a case."""
    return f"/telaah/{case.number}" if policy.is_blind(user, case) else f"/usulan/{case.number}"


def revision_of(case: Case) -> str:
    """The answers that a look at the copy was for."""
    return hashlib.sha256(canonical({"title": case.title, "forms": case.forms}).encode()).hexdigest()


def copy_of(session: Session, case: Case) -> Copy:
    """The redacted copy as it stands now."""
    event = session.scalars(
        select(Event)
        .where(Event.case_id == case.id, Event.name == CHECKED)
        .order_by(Event.id.desc())
        .limit(1)
    ).one_or_none()
    edits = (event.content or {}).get("texts", {}) if event else {}
    writer = _Writer(redactor(session, case), edits)
    forms = {name: writer.form(name, held) for name, held in case.forms.items()}
    check = Check(event, event.data["of"] == revision_of(case)) if event else None
    return Copy(name_of(case), forms, writer.texts, writer.left_out, check, writer.redact)


def redactor(session: Session, case: Case) -> Redact:
    """Puts the mark in the place of whatever in a text says whose case this is."""
    phrases = sorted({p for p in _phrases(session, case) if p}, key=len, reverse=True)
    firm = [p for p in phrases if len(p) > SHORT]
    exact = {p for p in phrases if len(p) <= SHORT} | set(_single_names(session, case))
    ways = [_whole(firm, "(?i:%s)"), _whole(sorted(exact, key=len, reverse=True), "%s"), *ELSEWHERE]
    pattern = re.compile("|".join(way for way in ways if way))
    again = re.compile(rf"{re.escape(MARK)}(?:[ ,.]*{re.escape(MARK)})+")
    return lambda text: again.sub(MARK, pattern.sub(MARK, text))


def fingerprint(text: str) -> str:
    """Tells whether an answer is still the one that a text was written for."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- what identifies --------------------------------------------------------------------------------


def _phrases(session: Session, case: Case) -> Iterator[str]:
    for user in _people(session, case):
        yield from (user.name, _bare(user.name), user.email)
    for agency in _agencies(session, case):
        names = (agency.name, agency.short_name, *agency.aliases)
        yield from (agency.code, *names, *(_in_roman(name) for name in names))
    for name, held in case.forms.items():
        yield from (text for text in _identifying(schema(name), held) if " " in text.strip())
    yield case.title
    short = re.split(r"\s*[:(–—]\s*", case.title, maxsplit=1)[0]
    yield short if len(short) > LEAST_NAME else ""


def _identifying(node: Mapping[str, Any], value: Any) -> Iterator[str]:  # noqa: ANN401
    """What was answered where the form asks who it is."""
    if isinstance(value, list):
        items = node if "properties" in node else node.get("items", {})
        for inner in value:
            yield from _identifying(items, inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _identifying(node.get("properties", {}).get(key, {}), inner)
    elif isinstance(value, str) and node.get("x-identifies"):
        yield from (value, _bare(value))


def _single_names(session: Session, case: Case) -> Iterator[str]:
    """Each name of a person by itself, as it is written: “Bagus” is one, “bagus” is a word."""
    for user in _people(session, case):
        yield from (w for w in re.findall(r"[^\W\d_]+", _bare(user.name)) if len(w) >= LEAST_NAME)


def _people(session: Session, case: Case) -> list[User]:
    """Everybody who ever had a part in the case but its reviewers, and the heads of its agencies."""
    mine = [p.user for p in case.participants if p.role != "reviewer"]
    heads = [head_of(session, agency) for agency in _agencies(session, case)]
    return list(dict.fromkeys([*mine, *(head for head in heads if head)]))


def _agencies(session: Session, case: Case) -> list[Agency]:
    codes = case.agency.path.strip("/").split("/")
    return list(session.scalars(select(Agency).where(Agency.code.in_(codes)).order_by(Agency.id)))


def _bare(name: str) -> str:
    """A name without its academic titles."""
    words = name.split(",", maxsplit=1)[0].split()
    return " ".join(word for word in words if not word.endswith("."))


def _in_roman(name: str) -> str:
    """“Puskesmas Tanon 1” as people write it too: “Puskesmas Tanon I”."""
    return re.sub(r"(?<= )[1-9]$", lambda found: ROMAN[int(found[0]) - 1], name)


def _whole(phrases: list[str], way: str) -> str:
    spaced = (r"\s+".join(re.escape(word) for word in p.split()) for p in phrases)
    found = "|".join(rf"(?<!\w){p}(?!\w)" for p in spaced)
    return way % found if found else ""


def _is_choice(node: Mapping[str, Any]) -> bool:
    return bool(node.get("x-ui", {}).get("widget") == "select")


# --- writing the copy -------------------------------------------------------------------------------


class _Writer:
    """Walks the answers once, and keeps what it met on the way."""

    def __init__(self, redact: Redact, edits: Mapping[str, Mapping[str, str]]) -> None:
        self.redact, self._edits = redact, edits
        self.texts: list[Text] = []
        self.left_out: list[str] = []

    def form(self, name: str, held: Any) -> Any:  # noqa: ANN401 - a form, or a list of those that collect
        if isinstance(held, list):
            return [self._part(schema(name), d, f"{name}/{n}", name, []) for n, d in enumerate(held)]
        return self._part(schema(name), held, name, name, [])

    def _part(self, node: Mapping[str, Any], value: Any, at: str, form: str, path: list[str]) -> Any:  # noqa: ANN401
        if isinstance(value, dict):
            return self._object(node, value, at, form, path)
        if isinstance(value, list):
            items = node.get("items", {})
            return [self._part(items, v, f"{at}/{n}", form, [*path, str(n)]) for n, v in enumerate(value)]
        if not isinstance(value, str) or node.keys() & {"enum", "const", "format"} or _is_choice(node):
            return value
        return self._text(value, at, form, path)

    def _object(
        self, node: Mapping[str, Any], value: dict[str, Any], at: str, form: str, path: list[str]
    ) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        fields = node.get("properties", {})
        for key in sorted(value, key=lambda key: list(fields).index(key) if key in fields else 0):
            child, inner = fields.get(key, {}), value[key]
            if child.get("x-identifies") or child.get("format") in {"uri", "email"}:
                self._leave_out(label(form, [*path, key], "id"))
                kept |= {key: MARK} if isinstance(inner, str) and inner else {}
            else:
                kept[key] = self._part(child, inner, f"{at}/{key}", form, [*path, key])
        return kept

    def _leave_out(self, title: str) -> None:
        if title not in self.left_out:
            self.left_out.append(title)

    def _text(self, value: str, at: str, form: str, path: list[str]) -> str:
        edit = self._edits.get(at)
        edited = edit is not None and edit["was"] == fingerprint(value)
        shown = edit["text"] if edit is not None and edited else self.redact(value)
        steps = [[], *(path[: n + 1] for n in range(len(path)) if not path[n].isdigit())]
        title = " · ".join(label(form, step, "id") for step in steps)
        self.texts.append(Text(at, title, value, shown, edited))
        return shown
