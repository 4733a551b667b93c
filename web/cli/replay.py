"""`loncatan replay`: placeholder replaced below."""

import click


@click.command()
def replay() -> None:
    """placeholder"""
