"""`python -m tests.faults`: every scenario, one table; status 0 only when nothing was lost or doubled."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.faults import speed, table
from tests.faults.groups import GROUPS, Group
from tests.faults.scenario import FULL, SHORT, Scenario, play
from tests.faults.verdict import Row

SPEED = "speed"


def main() -> None:
    asked = _arguments()
    if asked.list:
        for group in GROUPS:
            for scenario in group.scenarios:
                _say(f"{scenario.name:<{table.NAME}} {scenario.method}")
        _say(f"{SPEED:<{table.NAME}} submissions with Redis or SMTP away; 1, 2 and 4 workers")
        return
    _tell(table.head())
    rows = [row for group in GROUPS for row in _play(group, asked)]
    figures = _measure(asked)
    if asked.json:
        _say(json.dumps({"rows": list(map(asdict, rows)), "speed": list(map(asdict, figures))}, indent=1))
    sound = all(row.sound for row in rows) and all(figure.sound for figure in figures)
    raise SystemExit(not sound)


def _play(group: Group, asked: argparse.Namespace) -> list[Row]:
    chosen: list[Scenario[Any]] = [s for s in group.scenarios if not asked.only or s.name in asked.only]
    if not chosen:
        return []
    if reason := group.unable():
        rows = [Row(scenario=scenario.name, skipped=reason) for scenario in chosen]
        _tell("\n".join(map(table.line, rows)))
        return rows
    rows = []
    with group.stand(asked.logs) as stand:
        for scenario in chosen:
            rows.append(play(stand, [scenario], SHORT if asked.short else FULL))
            _tell(table.line(rows[-1]))
    return rows


def _measure(asked: argparse.Namespace) -> list[speed.Figure]:
    if asked.only and SPEED not in asked.only:
        return []
    with speed.direct(asked.logs) as stand:
        return speed.measure(stand, _tell, 0.2 if asked.short else 1.0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the scenarios and their methods")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument(
        "--short", action="store_true", help="a second per fault; leases are aged, not waited for"
    )
    parser.add_argument("--json", action="store_true", help="the rows as JSON on standard output")
    parser.add_argument("--logs", type=Path, metavar="DIR", help="keep what the processes print")
    return parser.parse_args()


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
