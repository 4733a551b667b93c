"""Query parameters by endpoint, as JSON Schemas: what is checked is what the description says."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import request

from web.api import auth
from workflow import case_lists, queries
from workflow.definition import process, versions
from workflow.errors import Invalid, Problem
from workflow.imports import queries as imports
from workflow.phrases import phrase
from workflow.search import query
from workflow.seminars import lists
from workflow.validation import Validator, escape, schema

Schema = Mapping[str, Any]
NUMBER: Schema = schema("proposal")["properties"]["number"]
LARGEST_ID = 2**31 - 1
QUESTION = (
    'kata dan "frasa" dari nama, isi formulir, nomor, instansi, atau pengusul, dan kunci '
    + ", ".join(f"`{key.name}:`" for key in query.KEYS)
    + " serta "
    + ", ".join(f"`{flag.name}`" for flag in query.FLAGS)
    + "; kunci di sini mengalahkan parameter yang sama"
)
FEED_PAGE, LARGEST_FEED_PAGE = 100, 1000


@cache
def of(endpoint: str | None) -> Mapping[str, Schema]:
    """The parameters that an endpoint reads."""
    if endpoint == "api_proposals.index":
        return _filters()
    if endpoint == "api_imports.show":
        return {
            "cursor": {
                "type": "integer",
                "minimum": 0,
                "maximum": LARGEST_ID,
                "default": 0,
                "description": "next_cursor dari halaman sebelumnya",
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": imports.LARGEST_PAGE,
                "default": imports.PAGE,
            },
        }
    if endpoint == "api_seminars.index":
        return {
            "when": {
                "type": "string",
                "enum": ["coming", "past"],
                "default": "coming",
                "description": "yang belum selesai, terdekat dahulu; atau yang sudah lewat, terbaru dahulu",
            },
            "limit": {"type": "integer", "minimum": 1, "maximum": lists.PAGE, "default": lists.PAGE},
            "cursor": {
                "type": "integer",
                "minimum": 1,
                "maximum": LARGEST_ID,
                "description": "next_cursor dari halaman sebelumnya",
            },
        }
    if endpoint in {"api_events.feed", "api_events.for_si_risma"}:
        after = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID, "default": 0}
        return {
            "after": {**after, "description": "posisi (id peristiwa) terakhir yang sudah diterima"},
            "limit": {"type": "integer", "minimum": 1, "maximum": LARGEST_FEED_PAGE, "default": FEED_PAGE},
        }
    return {}


def _filters() -> Mapping[str, Schema]:
    flows = [process(version) for version in versions()]
    states = [state for flow in flows for state in flow.states.values()]
    cover = schema("proposal_create")["properties"]
    sorts = [f"{sign}{key}" for key in case_lists.SORTS for sign in ("", "-")]
    return {
        "stage": {"type": "string", "enum": sorted({s.stage for s in states})},
        "state": {"type": "string", "enum": sorted({s.name for s in states})},
        "category": {"type": "string", "enum": cover["category"]["enum"]},
        "agency": {
            "type": "string",
            "pattern": cover["agency"]["pattern"],
            "description": "kode instansi, termasuk semua di bawahnya",
        },
        "cohort": {"type": "string", "pattern": cover["cohort"]["pattern"]},
        "year": {"type": "integer", "minimum": 2000, "maximum": 2999},
        "q": {
            "type": "string",
            "maxLength": 200,
            "pattern": "^[^\\u0000]*$",
            "description": QUESTION,
        },
        "owner": {
            "type": "string",
            "enum": sorted({s.owner for s in states}),
            "description": "peran yang memegang giliran",
        },
        "pipeline": {
            "type": "string",
            "enum": sorted({stage.pipeline for flow in flows for stage in flow.stages.values()}),
            "default": "innovation",
            "description": "inovasi, atau adopsi inovasi oleh perangkat daerah",
        },
        "sort": {
            "type": "string",
            "enum": [case_lists.RELEVANCE, *sorts],
            "description": "tanpa sort: relevance bila q berisi kata, selain itu -updated_at",
        },
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": queries.LARGEST_PAGE,
            "default": queries.PAGE,
        },
        "cursor": {
            "type": "string",
            "pattern": NUMBER["pattern"].replace("^", "^-?", 1),
            "description": "next_cursor dari halaman sebelumnya, atau cursor dalam tajuk `Link`",
        },
    }


def read() -> dict[str, Any]:
    """The request's parameters with their types and defaults. Raises Invalid with every fault."""
    known = of(request.endpoint)
    faults = [Problem(f"/{escape(name)}", _say("unknown")) for name in request.args if name not in known]
    found = {name: node["default"] for name, node in known.items() if "default" in node}
    for name, node in known.items():
        texts = request.args.getlist(name)
        if len(texts) > 1:
            faults.append(Problem(f"/{name}", _say("uniqueItems", title=name)))
        elif texts:
            found[name] = _value(node, texts[0])
            faults += _problems(name, node, found[name])
    if faults:
        raise Invalid(faults)
    return found


def _value(node: Schema, text: str) -> str | int:
    """A text that is no number stays one, and its schema then says so."""
    digits = text.removeprefix("-")
    is_number = node["type"] == "integer" and digits.isascii() and digits.isdecimal() and len(digits) < 20  # noqa: PLR2004
    return int(text) if is_number else text


def _problems(name: str, node: Schema, value: str | int) -> list[Problem]:
    size = len(value) if isinstance(value, str) else value
    return [
        Problem(f"/{name}", _say(str(e.validator), title=name, limit=e.validator_value, size=size))
        for e in Validator(node).iter_errors(value)
    ]


def _say(keyword: str, **values: object) -> str:
    return phrase(keyword, auth.language(), **values)
