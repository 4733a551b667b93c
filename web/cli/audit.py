"""Is the record unaltered, and do the cases agree with it?"""

import sys
from pathlib import Path

import click

from web.cli.base import json_option, opened, report
from workflow import anchors
from workflow import audit as chain
from workflow.anchors import Anchored, WrongAnchors
from workflow.settings import Settings

MOST_SHOWN = 1000


@click.group()
def audit() -> None:
    """The chain of events."""


@audit.command()
@click.option(
    "--anchors",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check against the heads that left the database, one signed line a day.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    help="Public key that the anchors must be signed with; default: this installation's. May be repeated.",
)
@json_option
def verify(file: Path | None, keys: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001
    """Recompute the chain; names the first altered, missing or reordered event."""
    with opened() as (settings, database, _clock):
        found = _anchors(settings, file, keys)
        with database.snapshot() as session:
            length = chain.head(session)[0].position
            with click.progressbar(length=length, label="Memeriksa rantai", file=sys.stderr) as bar:
                verdict = chain.verify(session, marks=[row.mark for row in found], progress=bar.update)
    text = f"Rantai utuh sampai peristiwa ke-{verdict.events}."
    if found:
        text += f" Sesuai dengan {len(found)} jangkar, yang terakhir dari {found[-1].day}."
    if not verdict.intact:
        text = f"Rantai putus pada peristiwa {verdict.event_id}: {verdict.fault}."
    report({**vars(verdict), "intact": verdict.intact, "anchors": len(found)}, as_json, text)
    if not verdict.intact:
        raise SystemExit(1)


def _anchors(settings: Settings, file: Path | None, keys: tuple[str, ...]) -> list[Anchored]:
    if file is None:
        return []
    if not keys and not settings.signing_key.exists():
        raise WrongAnchors("Kunci jangkar tidak ada di sini; sebutkan kunci publiknya dengan --key.")
    own = keys or (anchors.public_text(anchors.private_key(settings.signing_key)),)
    return anchors.read(file, own)


@audit.command()
@json_option
def key(as_json: bool) -> None:  # noqa: FBT001
    """Print the public key of the anchors; give it to the auditors."""
    with opened() as (settings, _database, _clock):
        public = anchors.public_text(anchors.private_key(settings.signing_key))
    report({"key": public}, as_json, public)


@audit.command()
@click.option("--check", is_flag=True, required=True, help="Compare only; nothing is written.")
@json_option
def rebuild(check: bool, as_json: bool) -> None:  # noqa: FBT001, ARG001
    """Fold the events and compare with every case row."""
    found: list[str] = []
    with opened() as (_settings, database, _clock), database.snapshot() as session:
        length = chain.head(session)[0].position
        with click.progressbar(length=length, label="Membandingkan usulan", file=sys.stderr) as bar:
            for difference in chain.differences(session, bar.update):
                found.append(difference)
                if len(found) == MOST_SHOWN:
                    break
    report(
        {"differences": found},
        as_json,
        "\n".join(found) or "Semua usulan sesuai dengan peristiwanya.",
    )
    if found:
        raise SystemExit(1)
