"""The API's own description, OpenAPI 3.1, built from the routes below and the schemas as enforced."""

from functools import cache
from typing import Any

from flask import Blueprint, Response, jsonify, render_template

from workflow import validation

bp = Blueprint("openapi", __name__, url_prefix="/api")

NUMBER = {"name": "number", "in": "path", "required": True, "schema": {"type": "string"}}
STEP = {"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}
IF_MATCH = {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}
KEY = {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 100}}
STEPS = "/api/v1/proposals/{number}/transitions/{name}"
LIST = ("stage", "state", "category", "agency", "cohort", "year", "q", "owner", "sort", "limit", "cursor")

# method, path, summary, body schema, status, parameters
Operation = tuple[str, str, str, str | None, str, tuple[dict[str, Any], ...]]
OPERATIONS: tuple[Operation, ...] = (
    ("get", "/api/v1/process", "Tahap, status, dan langkah", None, "200", ()),
    ("get", "/api/v1/schemas/{name}", "Skema JSON sebagaimana ditegakkan", None, "200", (STEP,)),
    ("post", "/api/v1/proposals", "Mengajukan usulan", "proposal_create", "201", (KEY,)),
    ("get", "/api/v1/proposals", "Daftar usulan", None, "200", ()),
    ("get", "/api/v1/proposals/{number}", "Satu usulan", None, "200", (NUMBER,)),
    ("put", "/api/v1/proposals/{number}/draft", "Menyimpan draf", "draft", "200", (NUMBER, IF_MATCH)),
    ("post", STEPS, "Melakukan langkah", "transition", "200", (NUMBER, STEP, IF_MATCH, KEY)),
    ("post", "/api/v1/proposals/{number}/reviews", "Memberi penilaian", "review", "201", (NUMBER, KEY)),
    ("get", "/api/v1/proposals/{number}/events", "Riwayat usulan", None, "200", (NUMBER,)),
    ("get", "/api/v1/proposals/{number}/emails", "Surel usulan", None, "200", (NUMBER,)),
    ("get", "/api/v1/events", "Aliran semua peristiwa", None, "200", ()),
)  # fmt: skip
QUERIES = {"/api/v1/proposals": LIST, "/api/v1/events": ("after", "limit")}


@cache
def description() -> dict[str, Any]:
    """The whole document."""
    names = sorted(validation.names("api") | validation.names("forms") | validation.names("rubrics"))
    paths: dict[str, Any] = {}
    for operation in OPERATIONS:
        method, path = operation[:2]
        paths.setdefault(path, {})[method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Loncatan", "version": "1"},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {name: _component(name) for name in names},
        },
    }


def _component(name: str) -> dict[str, Any]:
    return {k: v for k, v in validation.schema(name).items() if k not in {"$id", "$schema"}}


def _operation(operation: Operation) -> dict[str, Any]:
    method, path, summary, body, status, parameters = operation
    queried = QUERIES.get(path, ()) if method == "get" else ()
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}}
    made: dict[str, Any] = {
        "summary": summary,
        "operationId": f"{method}_{path.strip('/').replace('/', '_').replace('{', '').replace('}', '')}",
        "parameters": [
            *parameters,
            *({"name": q, "in": "query", "schema": {"type": "string"}} for q in queried),
        ],
        "responses": {
            status: {
                "description": "Berhasil",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "default": {"description": "Ditolak, dengan alasannya", "content": problem},
        },
    }
    if body:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{body}"}}}
        made["requestBody"] = {"required": True, "content": content}
    return made


@bp.get("/v1/openapi.json")
def document() -> Response:
    return jsonify(description())


@bp.get("/docs")
def docs() -> str:
    return render_template("api/docs.html", operations=OPERATIONS, queries=QUERIES, schema=validation.schema)
