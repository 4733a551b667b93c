"""The stage files: checked, drawn, tried out on living cases."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from importlib.resources import files
from inspect import Parameter, signature
from pathlib import Path

import click

from web.cli.base import json_option, opened, report
from workers import mail
from workers.handlers import HANDLERS
from workflow import definition, drawing, process_check, rehearsal, validation
from workflow.audiences import AUDIENCES
from workflow.errors import Problem
from workflow.guards import GUARDS
from workflow.notices import NOTICES


@click.group()
def process() -> None:
    """The process as data."""


def known_names() -> process_check.Names:
    """Everything a stage file may name, gathered from where it is defined."""
    return process_check.Names(
        guards={name: _parameters(guard) for name, guard in GUARDS.items()},
        forms=validation.names("forms"),
        rubrics=validation.names("rubrics"),
        handlers=frozenset(HANDLERS),
        audiences=frozenset(AUDIENCES),
        mails=mail.kinds(),
    )


def _parameters(guard: Callable[..., object]) -> dict[str, bool]:
    """Those after the attempt, which every guard takes; and whether a stage file must give them."""
    _attempt, *rest = signature(guard).parameters.values()
    return {parameter.name: parameter.default is Parameter.empty for parameter in rest}


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
    faults = process_check.check(version, stages, known_names(), structure)
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


@process.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--version", "of", help="Whose cases; the name of the folder, or else the newest version.")
@json_option
def rehearse(folder: Path, of: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Say what the stage files in FOLDER would do to the cases that live; nothing is changed.

    Status 1 where the files are faulty or a case would be stuck.
    """
    versions = definition.versions()
    version = of or (folder.name if folder.name in versions else versions[-1])
    if version not in versions:
        raise click.BadParameter(f"pilih {', '.join(versions)}", param_hint="--version")
    if faults := faults_of(folder, version):
        report({"faults": faults}, as_json, "\n".join(faults))
        raise SystemExit(1)
    changed = definition.read(version, folder)
    found: list[rehearsal.Finding] = []
    cases = 0
    with opened() as (_, database, clock), database.read() as session:
        for of_one in rehearsal.rehearse(session, changed, clock()):
            cases += 1
            found += of_one
    counts = Counter(finding.kind for finding in found)
    value = {"version": version, "cases": cases, "counts": counts, "findings": [asdict(f) for f in found]}
    report(value, as_json, "\n".join([_summary(version, cases, found), *map(_line, found)]))
    if counts["stuck"]:
        raise SystemExit(1)


def _summary(version: str, cases: int, found: list[rehearsal.Finding]) -> str:
    counts = Counter(finding.kind for finding in found)
    words = [f"{counts[kind]} {name}" for kind, name in rehearsal.KINDS.items() if counts[kind]]
    mails = sum(finding.mails for finding in found)
    return f"Proses {version}, {cases} usulan: {', '.join(words) or 'tidak ada yang berubah'}; {mails} surel."


def _line(finding: rehearsal.Finding) -> str:
    mails = f" ({finding.mails} surel)" if finding.mails else ""
    kind = rehearsal.KINDS[finding.kind]
    return f"{finding.number}  {finding.state}  {kind}: {finding.before} → {finding.after}{mails}"
