"""Structured logs: one line of JSON an entry, with ids and without personal data."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+")
NIP = re.compile(r"(?<!\d)\d{8}[ .-]?\d{6}[ .-]?\d[ .-]?\d{3}(?!\d)")
ROW = re.compile(r"\bDETAIL:.*", re.DOTALL)
"""PostgreSQL quotes whole rows after this word."""


def configure_logging(level: str) -> None:
    """For this process: our own entries and those of every library, on standard error."""
    number = logging.getLevelNamesMapping()[level]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        scrub,
    ]
    show = structlog.processors.JSONRenderer(ensure_ascii=False)
    structlog.configure(
        processors=[*shared, show],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, scrub, show],
        )
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)


def scrub(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes out of an entry what could be somebody's: addresses, NIP, rows quoted by the database."""
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = clean(value)
    return entry


def clean(text: str) -> str:
    return NIP.sub("‹nip›", EMAIL.sub("‹surel›", ROW.sub("", text)))
