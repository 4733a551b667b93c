"""A stage as SVG: states as boxes from left to right, steps as arrows, counts, and "you are here"."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from workflow.definition import Stage, Transition

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 168, 58, 74, 34, 16
LINE, WRAP = 15, 22

STYLE = """<style>
.box{fill:#fff;stroke:#8a97a3;stroke-width:1.5}.end{fill:#eef0f2}.here{stroke:#a4672a;stroke-width:3.5}
.system{stroke:#0b5d5e;stroke-dasharray:5 4}.arrow{fill:none;stroke:#5b6875;stroke-width:1.5}
.auto{stroke:#0b5d5e;stroke-dasharray:5 4}text{font:600 12.5px system-ui,sans-serif;fill:#17212b}
.count{font-weight:800;fill:#a4672a}.back{stroke:#a9b3bc}
</style>"""


@dataclass(frozen=True)
class Spot:
    """Where a box stands."""

    x: float
    y: float


def draw(stage: Stage, counts: Mapping[str, int], here: str, locale: str, *, standalone: bool = False) -> str:
    """The drawing; `standalone` brings its own colours, else the page's style sheet gives them."""
    spots = _layout(stage)
    width = max(s.x for s in spots.values()) + WIDTH + MARGIN
    height = max(s.y for s in spots.values()) + HEIGHT + MARGIN + GAP_Y
    parts = [
        f'<svg class="process-drawing" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" aria-label="{escape(stage.title(locale))}">',
        STYLE if standalone else "",
        f'<defs><marker id="tip-{stage.name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" class="tip" fill="#5b6875"/></marker></defs>',
    ]
    parts += [_arrow(stage, spots, t, locale) for t in stage.transitions if t.to in spots]
    parts += [_box(stage, name, spots[name], counts.get(name, 0), here, locale) for name in stage.states]
    return "".join([*parts, "</svg>"])


def _layout(stage: Stage) -> dict[str, Spot]:
    """Columns by distance from the start, rows in the order of the file."""
    depth = {stage.start: 0}
    frontier = [stage.start]
    while frontier:
        state = frontier.pop(0)
        for t in stage.transitions:
            if state in t.origins and t.to in stage.states and t.to not in depth:
                depth[t.to] = depth[state] + 1
                frontier.append(t.to)
    rows: dict[int, int] = {}
    spots = {}
    for name in stage.states:
        column = depth.get(name, 0)
        row = rows.get(column, 0)
        rows[column] = row + 1
        spots[name] = Spot(MARGIN + column * (WIDTH + GAP_X), MARGIN + row * (HEIGHT + GAP_Y))
    return spots


def _arrow(stage: Stage, spots: Mapping[str, Spot], step: Transition, locale: str) -> str:
    found = []
    for origin in step.origins:
        if origin == step.to or origin not in spots:
            continue
        start, end = spots[origin], spots[step.to]
        kind = "arrow auto" if step.by_system else "arrow"
        path, back = _path(start, end)
        title = escape(step.title(locale))
        found.append(
            f'<path class="{kind}{" back" if back else ""}" d="{path}" fill="none" marker-end="url(#tip-{stage.name})">'
            f"<title>{title}</title></path>"
        )
    return "".join(found)


def _path(start: Spot, end: Spot) -> tuple[str, bool]:
    if end.x > start.x:
        x1, y1, x2, y2 = start.x + WIDTH, start.y + HEIGHT / 2, end.x - 2, end.y + HEIGHT / 2
        bend = max((x2 - x1) / 2, 24)
        return f"M{x1:g} {y1:g}C{x1 + bend:g} {y1:g} {x2 - bend:g} {y2:g} {x2:g} {y2:g}", False
    if end.x == start.x:
        x = start.x + WIDTH
        y1, y2 = start.y + HEIGHT / 2, end.y + HEIGHT / 2
        return (
            f"M{x:g} {y1:g}C{x + 40:g} {y1:g} {x + 40:g} {y2:g} {x + 2:g} {y2:g}",
            end.y < start.y,
        )
    x1, x2, y1, y2 = (
        start.x + WIDTH / 2,
        end.x + WIDTH / 2,
        start.y + HEIGHT,
        end.y + HEIGHT + 2,
    )
    low = max(y1, y2) + GAP_Y
    return f"M{x1:g} {y1:g}C{x1:g} {low:g} {x2:g} {low:g} {x2:g} {y2:g}", True


def _box(stage: Stage, name: str, spot: Spot, count: int, here: str, locale: str) -> str:
    state = stage.states[name]
    kind = "box"
    if state.outcome:
        kind += " end"
    if name == here:
        kind += " here"
    lines = wrap(state.title(locale), WRAP)[:3]
    first = spot.y + HEIGHT / 2 - (len(lines) - 1) * LINE / 2 + 4
    text = "".join(
        f'<tspan x="{spot.x + WIDTH / 2:g}" y="{first + i * LINE:g}">{escape(line)}</tspan>'
        for i, line in enumerate(lines)
    )
    badge = (
        f'<text class="count" x="{spot.x + WIDTH - 8:g}" y="{spot.y + 15:g}" text-anchor="end">{count}</text>'
        if count
        else ""
    )
    current = ' aria-current="step"' if name == here else ""
    return (
        f'<g{current}><rect class="{kind}" x="{spot.x:g}" y="{spot.y:g}" width="{WIDTH}" height="{HEIGHT}" rx="10"/>'
        f'<text text-anchor="middle">{text}</text>{badge}</g>'
    )
