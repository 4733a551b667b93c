"""What a list shows, as its address says: the question, the columns, the order."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from workflow import case_lists
from workflow.errors import Invalid, Problem
from workflow.search import query

FILTERS = ("stage", "state", "category", "agency", "cohort", "owner", "affair", "proposer", "reached")
COLUMNS = (
    "title",
    "marks",
    "state",
    "turn",
    "due",
    "updated",
    "owner",
    "category",
    "affair",
    "cohort",
    "created",
)
SHOWN = ("title", "marks", "state", "turn", "due", "updated")
LONGEST_QUESTION = 200


@dataclass(frozen=True)
class ListState:
    """`typed` is what stood in the box; `problems` what of it means nothing."""

    typed: str
    filters: case_lists.Filters
    sort: str
    columns: tuple[str, ...]
    problems: list[Problem] = field(default_factory=list)

    def href(self, path: str = "/usulan", cursor: str | None = None, **more: str) -> str:
        """The address of this list, or of something done with it."""
        plain = vars(case_lists.Filters())
        chosen: dict[str, Any] = {k: v for k, v in vars(self.filters).items() if v != plain[k]}
        chosen |= {flag.field: "1" for flag in query.FLAGS if chosen.get(flag.field)}
        if self.sort:
            chosen["sort"] = self.sort
        if self.columns != SHOWN:
            chosen["kolom"] = ",".join(self.columns)
        if cursor:
            chosen["cursor"] = cursor
        chosen |= more
        return f"{path}?{urlencode(chosen)}" if chosen else path

    @property
    def kept(self) -> dict[str, Any]:
        """What narrows the list and has no choice of its own in the form of filters."""
        names = ("q", "state", "proposer", "year", "reached", *query.MONTHS)
        kept = {name: value for name in names if (value := getattr(self.filters, name))}
        flags = (f.field for f in query.FLAGS if f.field != "late" and getattr(self.filters, f.field))
        return kept | dict.fromkeys(flags, "1")

    def without(self, name: str) -> "ListState":
        return replace(self, filters=case_lists.without(self.filters, name))


def read(session: Session, args: MultiDict[str, str]) -> ListState:
    """Keys in the box count as if they had been chosen below it."""
    typed = args.get("q", "").strip()[:LONGEST_QUESTION]
    year = args.get("year", "")
    chosen: dict[str, Any] = {name: args.get(name, "")[:120] for name in FILTERS}
    chosen["year"] = int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else None  # noqa: PLR2004
    for name in query.MONTHS:
        month = args.get(name, "")
        chosen[name] = month if query.MONTH.fullmatch(month) else ""
    chosen |= {flag.field: args.get(flag.field) == "1" for flag in query.FLAGS}
    problems: list[Problem] = []
    try:
        asked = query.parse(session, typed)
    except Invalid as refusal:
        asked, problems = query.Asked(), refusal.problems
    filters = case_lists.Filters(**(chosen | asked.filters), q=asked.words)
    return ListState(typed, filters, args.get("sort", ""), _columns(args), problems)


def _columns(args: MultiDict[str, str]) -> tuple[str, ...]:
    """From one list with commas, or from the ticks of the form."""
    wanted = {name for text in args.getlist("kolom") for name in text.split(",")}
    found = tuple(name for name in COLUMNS if name in wanted or name == "title")
    return found if len(found) > 1 else SHOWN
