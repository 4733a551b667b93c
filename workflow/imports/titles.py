"""Titles of innovations compared: what is the same, what is a later version of it."""

import re
from dataclasses import dataclass
from functools import lru_cache

from workflow.imports.columns import plain

VERSION = re.compile(r"\s(?:(?:versi|version|v|vers|jilid|seri)\s?)?(\d{1,2}(?:\s\d)?|i{1,3}|iv|v)$")
PLUS = re.compile(r"\s(plus|baru|new|next gen|reborn)$")
EXPLANATION = re.compile(r"\([^()]*\)|\s[-–—:]\s.*$|:\s.*$")
JOINED = re.compile(r"\bv(\d{1,2})\b")


@dataclass(frozen=True)
class TitleKey:
    """`whole` is equal for the same innovation, `base` for all its versions; `version` says which, if any."""

    whole: str
    base: str
    version: str


@lru_cache(maxsize=200_000)
def title_key(title: str) -> TitleKey:
    """The key of a title: without its long form in brackets or behind a dash, case and signs."""
    short = plain(EXPLANATION.sub(" ", f"{title} ")) or plain(title)
    short = JOINED.sub(r"versi \1", plain(title) if len(short) < 3 else short)  # noqa: PLR2004
    base, version = short, ""
    for pattern in (VERSION, PLUS):
        found = pattern.search(base)
        if found and found.start() > 1:
            base, version = base[: found.start()].rstrip(), f"{found.group(1)} {version}".strip()
    return TitleKey(f"{base.replace(' ', '')}|{version}", base.replace(" ", ""), version)
