"""Accounts and tokens from the command line."""

import secrets

import click
from flask_security import hash_password

from web import create_app
from web.cli.base import opened
from workflow import people, policy
from workflow.errors import Invalid, NotFound, Problem

LEAST_PASSWORD = 12


@click.group()
def user() -> None:
    """People who can sign in."""


@user.command()
@click.argument("email")
@click.option("--name", default="", help="Full name with degrees; else taken from the address.")
@click.option("--agency", help="Code of the agency, e.g. dinkes.")
@click.option("--position", default="", help="Official position.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(policy.GLOBAL_ROLES),
    help="May be repeated.",
)
@click.option("--head", is_flag=True, help="Heads the agency.")
@click.option(
    "--password",
    envvar="LONCATAN_PASSWORD",
    help="At least 12 characters; without it one is made and shown.",
)
def create(
    email: str,
    name: str,
    agency: str | None,
    position: str,
    roles: tuple[str, ...],
    head: bool,  # noqa: FBT001
    password: str | None,
) -> None:
    """Add a person; prints the password if it was made here."""
    chosen = password or secrets.token_urlsafe(12)
    if len(chosen) < LEAST_PASSWORD:
        raise Invalid([Problem("/password", f"Kata sandi minimal {LEAST_PASSWORD} karakter.")])
    with opened() as (found, database, clock):
        with create_app(found, database, clock).app_context():
            hashed = hash_password(chosen)
        with database.write() as session:
            people.create_user(
                session,
                clock(),
                email=email,
                name=name or email.partition("@")[0].replace(".", " ").title(),
                agency=agency,
                position=position,
                roles=roles,
                heads_agency=head,
                password_hash=hashed,
            )
    click.echo(f"Akun {email} dibuat." if password else f"Akun {email} dibuat. Kata sandi: {chosen}")


@click.group()
def token() -> None:
    """Bearer tokens for the API."""


@token.command("create")
@click.argument("email")
@click.option("--scope", "scopes", multiple=True, type=click.Choice(people.SCOPES), help="Default: all.")
@click.option("--days", default=90, type=click.IntRange(1, 366), help="How long it holds.")
def create_token(email: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token for a person and print it, once."""
    with opened() as (_settings, database, clock), database.write() as session:
        found = people.find_user(session, email)
        if found is None:
            raise NotFound
        click.echo(people.create_token(session, clock(), found, scopes or people.SCOPES, days))
