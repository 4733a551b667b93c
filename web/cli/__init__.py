"""The command line, `loncatan`: one module per noun. A composition root, like `web.wsgi`."""

import sys

import click

from web.cli import (
    audit,
    backup,
    demo,
    doctor,
    evidence,
    exports,
    iid,
    imports,
    jobs,
    people,
    process,
    replay,
    run,
    search,
)
from workflow.errors import DomainError, Invalid


class Commands(click.Group):
    """Says what is wrong in words and leaves with status 1, never with a traceback for a known fault."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except Invalid as fault:
            for problem in fault.problems:
                click.echo(f"{problem.pointer or '/'}: {problem.message}", err=True)
        except DomainError as fault:
            click.echo(str(fault), err=True)
        sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Loncatan: the way of an innovation from proposal to award."""


for command in (
    run.up,
    run.migrate,
    demo.demo,
    people.user,
    people.token,
    process.process,
    jobs.jobs,
    imports.import_command,
    exports.export_command,
    audit.audit,
    evidence.evidence,
    backup.backup,
    backup.restore,
    iid.iid,
    replay.replay,
    search.search,
    doctor.doctor,
):
    main.add_command(command)
