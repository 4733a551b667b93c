"""The stage files: checked, drawn."""

from importlib.resources import files
from inspect import signature
from pathlib import Path

import click

from web.cli.base import json_option, report
from workers import mail
from workers.handlers import HANDLERS
from workflow import definition, drawing, validation
from workflow.audiences import AUDIENCES
from workflow.errors import Problem
from workflow.guards import GUARDS
from workflow.notices import NOTICES


@click.group()
def process() -> None:
    """The process as data."""


def known_names() -> definition.Names:
    """Everything a stage file may name, gathered from where it is defined."""
    return definition.Names(
        guards={name: frozenset(signature(guard).parameters) for name, guard in GUARDS.items()},
        forms=validation.names("forms"),
        rubrics=validation.names("rubrics"),
        handlers=frozenset(HANDLERS),
        audiences=frozenset(AUDIENCES),
        mails=mail.kinds(),
    )


def faults_of(folder: Path, version: str) -> list[str]:
    """Every fault of a folder of stage files, structure first."""
    try:
        stages = definition.raw_stages(folder)
    except definition.WrongProcess as wrong:
        return wrong.faults
    structure = [
        Problem(f"{name}{p.pointer}", p.message)
        for name, raw in stages.items()
        for p in validation.problems("process", raw)
    ]
    faults = definition.check(version, stages, known_names(), structure)
    mails = {kind for notices in NOTICES.values() for kind in notices.values()}
    return faults + [f"surel {kind} tidak punya templat" for kind in sorted(mails - mail.kinds())]


@process.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def check(folder: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Name every fault of the stage files at once; status 1 if there is any."""
    folders = (
        [folder] if folder else [Path(str(files("workflow") / "process" / v)) for v in definition.versions()]
    )
    faults = {f.name: faults_of(f, f.name) for f in folders}
    total = sum(map(len, faults.values()))
    lines = [f"{version}: {fault}" for version, found in faults.items() for fault in found]
    report(faults, as_json, "\n".join(lines) or f"Proses {', '.join(faults)}: tidak ada kesalahan.")
    if total:
        raise SystemExit(1)


@process.command()
@click.argument("stage")
@click.option("--locale", default="id", type=click.Choice(["id", "en"]))
def draw(stage: str, locale: str) -> None:
    """A stage as SVG, to standard output."""
    flow = definition.process(definition.versions()[-1])
    if stage not in flow.stages:
        raise click.BadParameter(f"pilih {', '.join(flow.stages)}")
    click.echo(drawing.draw(flow.stages[stage], {}, "", locale, standalone=True))
