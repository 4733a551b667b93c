"""Which scenarios there are, and the stand that each group of them shares."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import broker, clocks, data, deploy, embedded, kills, mail, network
from tests.faults.scenario import Scenario
from tests.faults.stand import distributed


@dataclass(frozen=True)
class Group:
    """Scenarios that are played one after the other on one stand.

    In the short form those of a bundle share one load and one verdict.
    """

    name: str
    stand: Callable[[Path | None], AbstractContextManager[Any]]
    bundles: dict[str, list[Scenario[Any]]]
    unable: Callable[[], str] = lambda: ""
    """Why this machine cannot have the stand; empty if it can."""

    @property
    def scenarios(self) -> list[Scenario[Any]]:
        return [scenario for bundle in self.bundles.values() for scenario in bundle]


GROUPS = (
    Group(
        "distributed",
        distributed,
        {
            "kills": kills.SCENARIOS,
            "broker": broker.SCENARIOS,
            "mail": mail.SCENARIOS,
            "data": data.SCENARIOS,
            "clocks": clocks.SCENARIOS,
            "deploy": deploy.SCENARIOS,  # last: it leaves the next version behind
        },
    ),
    Group("embedded", embedded.embedded, {"embedded": embedded.SCENARIOS}),
    Group("network", network.networked, {"network": network.SCENARIOS}, network.unable),
)
