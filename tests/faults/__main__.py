"""`python -m tests.faults`: every scenario, one table, exit status 0 only when nothing was lost."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.faults import broker, kills, mail
from tests.faults.scenario import FULL, SHORT, Scenario, play
from tests.faults.stand import stand
from tests.faults.verdict import Row

SCENARIOS: list[Scenario] = [*kills.SCENARIOS, *broker.SCENARIOS, *mail.SCENARIOS]
COLUMNS = {
    "scenario": 24, "hits": 4, "cases": 5, "asked": 5, "acknowledged": 5, "events": 6, "owed": 5,
    "received": 5, "lost": 4, "doubled": 4, "repeated": 4, "unknown": 4, "parked": 4, "altered": 4,
    "stall": 6, "recover": 7,
}


def main() -> None:
    asked = _arguments()
    chosen = [s for s in SCENARIOS if not asked.only or s.name in asked.only]
    if asked.list:
        for scenario in SCENARIOS:
            print(f"{scenario.name:<24} {scenario.method}")
        return
    rows = []
    print(_head(), file=sys.stderr)
    with stand(asked.logs) as made:
        for scenario in chosen:
            row = play(made, scenario, SHORT if asked.short else FULL)
            rows.append(row)
            print(_line(row), file=sys.stderr, flush=True)
    if asked.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    raise SystemExit(not all(row.sound for row in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--list", action="store_true", help="name the scenarios and their methods")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--short", action="store_true", help="seconds instead of minutes; waits are aged")
    parser.add_argument("--json", action="store_true", help="the rows as JSON on standard output")
    parser.add_argument("--logs", type=Path, metavar="DIR", help="keep what the processes print")
    return parser.parse_args()


def _head() -> str:
    return " ".join(f"{name[:width]:>{width}}" for name, width in COLUMNS.items())


def _line(row: Row) -> str:
    cells = []
    for name, width in COLUMNS.items():
        value = getattr(row, name)
        text = f"{value:.1f}" if isinstance(value, float) else str(value)
        cells.append(f"{text:<{width}}" if name == "scenario" else f"{text:>{width}}")
    more = [f"    ! {fault}" for fault in row.faults[:12]] + [f"    · {note}" for note in row.notes]
    return "\n".join([" ".join(cells), *more])


if __name__ == "__main__":
    main()
