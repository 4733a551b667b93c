"""`make bench`: every figure with its budget; exit status 1 where one is not kept."""

import json
import sys
from collections.abc import Callable, Iterator

import click

from tests.bench import pages, service
from tests.bench.figures import Figure

PARTS: dict[str, Callable[[], Iterator[Figure]]] = {
    "pages": pages.measure,
    "service": service.measure,
}


@click.command()
@click.option("--only", type=click.Choice(list(PARTS)), multiple=True, help="Measure only this part.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
def main(only: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001
    """Measure speed against the budgets."""
    found: list[Figure] = []
    for name in only or PARTS:
        for figure in PARTS[name]():
            found.append(figure)
            if not as_json:
                click.echo(_line(figure))
    if as_json:
        click.echo(json.dumps([vars(figure) for figure in found], ensure_ascii=False, indent=1))
    sys.exit(not all(figure.holds for figure in found))


def _line(figure: Figure) -> str:
    mark = "ok  " if figure.holds else "OVER"
    return f"{mark} {figure.name:<58}{figure.value:>24}  {figure.budget}"


main()
