"""A measured figure with its budget, and the arithmetic of many timings."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured, what was promised, and whether the promise holds."""

    name: str
    value: str
    budget: str
    holds: bool


def percentile(values: list[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def milliseconds(call: Callable[[], object]) -> float:
    before = time.perf_counter()
    call()
    return (time.perf_counter() - before) * 1000


def at_most(name: str, value: float, limit: float, unit: str = "ms") -> Figure:
    return Figure(name, f"{value:,.1f} {unit}", f"≤ {limit:g} {unit}", value <= limit)
