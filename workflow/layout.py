"""Where the states of a stage are drawn: the usual way in a row, detours below it, exits at the foot."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from workflow.definition import Stage


@dataclass(frozen=True)
class Cell:
    """A place in the grid, counted from the upper left."""

    column: int
    row: int


@dataclass(frozen=True)
class Layout:
    """The arrangement of one stage. States are full names; every one of them has a cell."""

    stage: Stage

    @cached_property
    def cells(self) -> Mapping[str, Cell]:
        found: dict[str, Cell] = {}
        for track in self._tracks:
            row = 0
            while set(self._at(track, row).values()) & set(found.values()):
                row += 1
            found |= self._at(track, row)
        foot = max(cell.row for cell in found.values()) + 1
        return found | {name: Cell(column, foot) for column, name in enumerate(self.exits)}

    def _at(self, track: list[str], row: int) -> dict[str, Cell]:
        return {
            place: Cell(self._columns[name], row + below)
            for name in track
            for below, place in enumerate([name, *self._sides.get(name, ())])
        }

    @cached_property
    def exits(self) -> list[str]:
        """Where a case leaves the usual way for good, and whatever cannot be reached."""
        return [name for name in self.stage.states if name not in self._columns and name not in self._home]

    @cached_property
    def _onward(self) -> Mapping[str, list[str]]:
        """The states to which steps lead, in the order of the file, without those that end it badly."""
        found: dict[str, list[str]] = {name: [] for name in self.stage.states}
        for step in self.stage.transitions:
            target = self.stage.states.get(step.to)
            for origin in step.origins if target and target.outcome in {None, "advanced"} else ():
                if origin in found and origin != step.to and step.to not in found[origin]:
                    found[origin].append(step.to)
        return found

    @cached_property
    def _parents(self) -> Mapping[str, str | None]:
        """Each state that can be reached, nearest first, with the one before it."""
        found: dict[str, str | None] = {self.stage.start: None}
        for name in (frontier := [self.stage.start]):
            fresh = [target for target in self._onward[name] if target not in found]
            found.update(dict.fromkeys(fresh, name))
            frontier.extend(fresh)
        return found

    @cached_property
    def _home(self) -> Mapping[str, str]:
        """Detours: they lead only back, or to where their predecessor leads anyway."""
        return {
            name: before
            for name, before in self._parents.items()
            if before
            and not self.stage.states[name].outcome
            and self._onward[name]
            and set(self._onward[name]) <= {before, *self._onward[before]}
        }

    @cached_property
    def _sides(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for side, home in self._home.items():
            found.setdefault(home, []).append(side)
        return found

    @cached_property
    def _ahead(self) -> Mapping[str, list[str]]:
        order = {name: position for position, name in enumerate(self._parents)}
        main = [name for name in self._parents if name not in self._home]
        ends = {name for name in main if self.stage.states[name].outcome}
        return {
            name: [t for t in self._onward[name] if t in main and (t in ends or order[t] > order[name])]
            if name not in ends
            else []
            for name in main
        }

    @cached_property
    def _columns(self) -> Mapping[str, int]:
        found = dict.fromkeys(self._ahead, 0)
        for name, targets in self._ahead.items():
            for target in targets:
                found[target] = max(found[target], found[name] + 1)
        last = max(found.values())
        return {n: last if self.stage.states[n].outcome else column for n, column in found.items()}

    @cached_property
    def _tracks(self) -> list[list[str]]:
        placed: set[str] = set()
        tracks = []
        for start in self._ahead:
            track: list[str] = []
            name: str | None = start
            while name and name not in placed:
                placed.add(name)
                track.append(name)
                name = next((target for target in self._ahead[name] if target not in placed), None)
            if track:
                tracks.append(track)
        return tracks
