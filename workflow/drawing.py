"""A stage as SVG: states as boxes, steps as arrows, counts, and "you are here".

Steps off the usual way would cover the drawing with lines: a letter at their origin names the box with
the same letter instead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from string import ascii_uppercase
from textwrap import wrap

from workflow.definition import Stage, Transition
from workflow.layout import Cell, Layout

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 150, 58, 40, 44, 18
LINE, WRAP, SHIFT, LETTER = 15, 17, 16, 9

STYLE = """<style>
.box{fill:#fff;stroke:#8a97a3;stroke-width:1.5}.end{fill:#eef0f2}.here{stroke:#a4672a;stroke-width:3.5}
.arrow{fill:none;stroke:#5b6875;stroke-width:1.5}.auto{stroke:#0b5d5e;stroke-dasharray:5 4}.tip{fill:#5b6875}
text{font:600 12.5px system-ui,sans-serif;fill:#17212b}.count{font-weight:800;fill:#a4672a}
.letter{fill:#fff;stroke:#8a97a3;stroke-width:1.2}.letter-to{fill:#5b6875;stroke:#5b6875}
.letter-text{font-size:10.5px}.letter-to+.letter-text{fill:#fff}
</style>"""


@dataclass(frozen=True)
class Link:
    """All steps from one state to another."""

    origin: str
    target: str
    steps: tuple[Transition, ...]

    @property
    def by_system(self) -> bool:
        return all(step.by_system for step in self.steps)

    def titles(self, locale: str) -> str:
        return " · ".join(step.title(locale) for step in self.steps)


def draw(stage: Stage, counts: Mapping[str, int], here: str, locale: str, *, standalone: bool = False) -> str:
    """The drawing; `standalone` brings its own colours, else the page's style sheet gives them."""
    layout = Layout(stage)
    cells, links = layout.cells, _links(stage)
    lines = [link for link in links if link.target not in layout.exits and _path(link, cells)]
    letters = dict(zip(_jumped_to(stage, links, lines), ascii_uppercase, strict=False))
    width = MARGIN * 2 - GAP_X + (max(c.column for c in cells.values()) + 1) * (WIDTH + GAP_X)
    height = MARGIN * 2 - GAP_Y + (max(c.row for c in cells.values()) + 1) * (HEIGHT + GAP_Y)
    parts = [
        *(_arrow(stage, link, cells, locale) for link in lines),
        *(_box(stage, name, cells[name], counts.get(name, 0), here, locale) for name in stage.states),
        *(_letter_of(letters[name], cells[name]) for name in letters),
        *_letters_from(links, lines, letters, cells, locale),
    ]
    return (
        f'<svg class="process-drawing" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(stage.title(locale))}">'
        f"{STYLE if standalone else ''}"
        f'<defs><marker id="tip-{stage.name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" class="tip"/></marker>'
        f"</defs>{''.join(parts)}</svg>"
    )


def _links(stage: Stage) -> list[Link]:
    found: dict[tuple[str, str], list[Transition]] = {}
    for step in stage.transitions:
        for origin in step.origins if step.to in stage.states else ():
            if origin != step.to:
                found.setdefault((origin, step.to), []).append(step)
    return [Link(origin, target, tuple(steps)) for (origin, target), steps in found.items()]


def _jumped_to(stage: Stage, links: Iterable[Link], lines: list[Link]) -> list[str]:
    targets = {link.target for link in links if link not in lines}
    return [name for name in stage.states if name in targets]


def _path(link: Link, cells: Mapping[str, Cell]) -> str | None:
    """The line of a link that leads on or to the box above or below; None for a jump."""
    start, end = cells[link.origin], cells[link.target]
    taken = set(cells.values())
    if start.column == end.column and abs(start.row - end.row) == 1:
        return _vertical(start, end)
    between = range(start.column + 1, end.column)
    if start.column >= end.column or any(Cell(column, start.row) in taken for column in between):
        return None
    x1, y1, x2, y2 = _x(start) + WIDTH, _middle(start), _x(end) - 2, _middle(end)
    if y1 == y2:
        return f"M{x1} {y1}H{x2}"
    turn = x2 - GAP_X + 4
    return f"M{x1} {y1}H{turn}C{turn + 24} {y1} {x2 - 24} {y2} {x2} {y2}"


def _vertical(start: Cell, end: Cell) -> str:
    """Down on the left of the middle, up on the right of it."""
    x = _x(start) + WIDTH // 2
    if end.row > start.row:
        return f"M{x - SHIFT} {_y(start) + HEIGHT}V{_y(end) - 2}"
    return f"M{x + SHIFT} {_y(start)}V{_y(end) + HEIGHT + 2}"


def _arrow(stage: Stage, link: Link, cells: Mapping[str, Cell], locale: str) -> str:
    kind = "arrow auto" if link.by_system else "arrow"
    return (
        f'<path class="{kind}" d="{_path(link, cells)}" marker-end="url(#tip-{stage.name})">'
        f"<title>{escape(link.titles(locale))}</title></path>"
    )


def _box(stage: Stage, name: str, cell: Cell, count: int, here: str, locale: str) -> str:
    state = stage.states[name]
    kinds = ["box", *(["end"] if state.outcome else []), *(["here"] if name == here else [])]
    x, y = _x(cell), _y(cell)
    lines = wrap(state.title(locale), WRAP)[:3]
    first = _middle(cell) - (len(lines) - 1) * LINE / 2 + 4
    text = "".join(
        f'<tspan x="{x + WIDTH // 2}" y="{first + i * LINE:g}">{escape(line)}</tspan>'
        for i, line in enumerate(lines)
    )
    current = ' aria-current="step"' if name == here else ""
    badge = f'<text class="count" x="{x + WIDTH - 8}" y="{y + 15}" text-anchor="end">{count}</text>'
    return (
        f'<g{current}><rect class="{" ".join(kinds)}" x="{x}" y="{y}" '
        f'width="{WIDTH}" height="{HEIGHT}" rx="10"/>'
        f'<text text-anchor="middle">{text}</text>{badge if count else ""}</g>'
    )


def _letter_of(letter: str, cell: Cell) -> str:
    return _letter(letter, _x(cell), _y(cell) + LETTER, "letter letter-to", "")


def _letters_from(
    links: list[Link],
    lines: list[Link],
    letters: Mapping[str, str],
    cells: Mapping[str, Cell],
    locale: str,
) -> Iterable[str]:
    used: dict[str, int] = {}
    for link in links:
        if link not in lines:
            place = used.get(link.origin, 0)
            used[link.origin] = place + 1
            x = _x(cells[link.origin]) + 16 + place * (2 * LETTER + 4)
            y = _y(cells[link.origin]) + HEIGHT
            yield _letter(letters[link.target], x, y, "letter", link.titles(locale))


def _letter(letter: str, x: int, y: int, kind: str, title: str) -> str:
    named = f"<title>{escape(title)}</title>" if title else ""
    return (
        f'<g>{named}<circle class="{kind}" cx="{x}" cy="{y}" r="{LETTER}"/>'
        f'<text class="letter-text" x="{x}" y="{y + 4}" text-anchor="middle">{letter}</text></g>'
    )


def _x(cell: Cell) -> int:
    return MARGIN + cell.column * (WIDTH + GAP_X)


def _y(cell: Cell) -> int:
    return MARGIN + cell.row * (HEIGHT + GAP_Y)


def _middle(cell: Cell) -> int:
    return _y(cell) + HEIGHT // 2
