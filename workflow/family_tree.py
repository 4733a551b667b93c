"""A family of adoptions as SVG: the innovation on the left, each generation one column further right."""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from workflow.adoptions import ADOPTED, Member
from workflow.definition import process

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN, WRAP = 184, 66, 52, 18, 14, 23


@dataclass(frozen=True)
class Place:
    """A member with its cell."""

    member: Member
    row: int

    @property
    def x(self) -> int:
        return MARGIN + self.member.generation * (WIDTH + GAP_X)

    @property
    def y(self) -> int:
        return MARGIN + self.row * (HEIGHT + GAP_Y)


def draw(members: Iterable[Member], here: str, title: str, locale: str) -> str:
    """The drawing; `here` is the number of the case whose page it stands on. Colours are the page's."""
    places = _places(list(members))
    known = {place.member.case.id: place for place in places}
    width = max(place.x for place in places) + WIDTH + MARGIN
    height = max(place.y for place in places) + HEIGHT + MARGIN
    lines = "".join(
        _line(known[p.member.case.parent_id], p) for p in places if p.member.case.parent_id in known
    )
    boxes = "".join(_box(place, here, locale) for place in places)
    return (
        f'<svg class="process-drawing" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">'
        f"{lines}{boxes}</svg>"
    )


def _places(members: list[Member]) -> list[Place]:
    """Each line of descent downwards, the first child beside its parent."""
    children: dict[int | None, list[Member]] = {}
    for member in members:
        children.setdefault(member.case.parent_id, []).append(member)
    found: list[Place] = []

    def place(member: Member, row: int) -> int:
        found.append(Place(member, row))
        below = row
        for index, child in enumerate(children.get(member.case.id, [])):
            below = place(child, below + (index > 0))
        return below

    place(members[0], 0)
    return found


def _line(origin: Place, target: Place) -> str:
    x1, y1, x2, y2 = origin.x + WIDTH, origin.y + HEIGHT // 2, target.x, target.y + HEIGHT // 2
    kind = "arrow" if target.member.case.outcome == ADOPTED else "arrow auto"
    middle = x1 + GAP_X // 2
    return f'<path class="{kind}" d="M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}"/>'


def _box(place: Place, here: str, locale: str) -> str:
    case = place.member.case
    ended = case.outcome == "stopped" and place.member.generation > 0
    kinds = ["box", *(["end"] if ended else []), *(["here"] if case.number == here else [])]
    name = wrap(case.agency.short_name, WRAP)[:2]
    said = wrap(_said(place.member, locale), WRAP + 8)[:1]
    lines = [(text, "") for text in name] + [(text, ' class="letter-text"') for text in said]
    first = place.y + HEIGHT // 2 - (len(lines) - 1) * 8 + 4
    middle = place.x + WIDTH // 2
    text = "".join(
        f'<text{kind} x="{middle}" y="{first + index * 16}" text-anchor="middle">{escape(line)}</text>'
        for index, (line, kind) in enumerate(lines)
    )
    current = ' aria-current="true"' if case.number == here else ""
    size = f'width="{WIDTH}" height="{HEIGHT}" rx="10"'
    return (
        f"<g{current}><title>{escape(f'{case.agency.name}: {_said(place.member, locale)}')}</title>"
        f'<rect class="{" ".join(kinds)}" x="{place.x}" y="{place.y}" {size}/>{text}</g>'
    )


def _said(member: Member, locale: str) -> str:
    case = member.case
    if member.generation == 0:
        return "Origin" if locale == "en" else "Asal inovasi"
    return process(case.process).states[case.state].title(locale)
