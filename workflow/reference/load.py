"""Putting the agencies into the database, and adding those that a newer release brings."""

import tomllib
from importlib.resources import files

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.models import Agency


def load_agencies(session: Session) -> int:
    """Add every agency of `agencies.toml` that is missing; how many were added. Changes none."""
    entries = tomllib.loads((files("workflow.reference") / "agencies.toml").read_text("utf-8"))
    known = {agency.code: agency for agency in session.scalars(select(Agency))}
    before = len(known)
    for code, entry in entries.items():  # parents stand before their children in the file
        if code not in known:
            parent = known[entry["parent"]] if "parent" in entry else None
            known[code] = Agency(
                code=code,
                name=entry["name"],
                short_name=entry["short_name"],
                kind=entry["kind"],
                parent=parent,
                path=f"{parent.path if parent else '/'}{code}/",
                aliases=entry.get("aliases", []),
            )
            session.add(known[code])
    session.flush()
    return len(known) - before
