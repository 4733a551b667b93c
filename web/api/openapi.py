"""The API's own description, OpenAPI 3.1: the schemas as enforced, made of the rows of its routes."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from flask import Blueprint, Response, json, jsonify, render_template, request

from web.api import parameters
from web.api.operations import CURL_FILES, EXAMPLES, FORM, JSON, OPERATIONS, PROBLEM, Json, Operation
from web.api.problems import bounded
from web.errors import TITLES
from workflow import evidence_store, once, validation
from workflow.errors import Invalid

bp = Blueprint("openapi", __name__, url_prefix="/api")
bp.register_error_handler(Invalid, bounded)

LEFT_OUT_OF_LISTS = ("score", "maturity", "forms", "transitions")
DESCRIPTION = """Alur inovasi sebagai JSON: perintah dan aturan yang sama dengan halaman.

Token pembawa (`Authorization: Bearer lct_…`) dibuat di halaman akun atau dengan `loncatan token create`;
cakupannya `read`, `write`, atau keduanya. Sesi peramban juga berlaku; untuk menulis ia harus menyertakan
`X-CSRFToken`. Waktu dalam RFC 3339 UTC. Kesalahan berbentuk RFC 9457 dengan `errors` atau `reasons`."""

LISTED = ("adoption", "decision", "email", "event", "evidence", "match", "message")

TEXT: Json = {"type": "string"}
HEADERS: Mapping[str, Json] = {
    "ETag": {"description": "Versi untuk If-Match", "schema": TEXT},
    "Location": {"description": "Alamat yang baru dibuat", "schema": TEXT},
    "Link": {"description": 'Halaman berikutnya, rel="next"', "schema": TEXT},
    "Content-Disposition": {"description": "attachment", "schema": TEXT},
    "Idempotent-Replayed": {
        "description": "`true` bila jawaban ini sudah pernah diberikan untuk kunci yang sama",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "ETag terakhir yang Anda baca, beberapa, atau `*`",
    "schema": TEXT,
}
KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Kunci yang sama dengan isi yang sama dijalankan sekali dan dijawab sama",
    "schema": {"type": "string", "minLength": 1, "maxLength": once.MAX_KEY},
}


@cache
def description() -> Json:
    """The whole document."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    tags = dict.fromkeys(operation.tag for operation in OPERATIONS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Loncatan", "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "security": [{"bearer": []}, {"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "session"},
            },
            "schemas": _schemas(),
        },
    }


def _schemas() -> Json:
    names = sorted(name for folder in validation.FOLDERS for name in validation.names(folder))
    found = {name: _component(name) for name in names}
    proposal = found["proposal"]
    found["proposal_item"] = proposal | {
        "title": "Usulan dalam daftar",
        "required": [name for name in proposal["required"] if name not in LEFT_OUT_OF_LISTS],
        "properties": {k: v for k, v in proposal["properties"].items() if k not in LEFT_OUT_OF_LISTS},
    }
    for name, title in (("evidence", "Unggahan bukti dukung"), ("import", "Unggahan impor")):
        upload = found[f"{name}_create"]
        file = {"title": "Berkas", "type": "string", "contentMediaType": "application/octet-stream"}
        found[f"{name}_upload"] = upload | {
            "title": title,
            "required": ["file"],
            "properties": {"file": file, **upload["properties"]},
        }
    count = {"type": "integer", "minimum": 0}
    found["proposal_page"] = _listing("proposal_item", next_cursor={"type": ["string", "null"]}, total=count)
    found["seminar_page"] = _listing("seminar", next_cursor={"type": ["integer", "null"]})
    found["feed"] = _listing("event", next_after=count)
    found |= {f"{name}_list": _listing(name) for name in LISTED}
    found["si_risma_feed"] = _listing("si_risma", next_after=count)
    return found | {"any_schema": {"title": "Dokumen JSON", "type": "object"}}


def _listing(item: str, **more: Json) -> Json:
    items = {"type": "array", "items": {"$ref": f"#/components/schemas/{item}"}}
    return {
        "title": "Daftar",
        "type": "object",
        "required": ["items", *more],
        "properties": {"items": items, **more},
        "additionalProperties": False,
    }


def _component(name: str) -> Json:
    """A schema without its own identity; references into itself now lead through the document."""
    bare = {k: v for k, v in validation.schema(name).items() if k not in {"$id", "$schema"}}
    moved = _moved(bare, f"#/components/schemas/{name}")
    return moved if isinstance(moved, dict) else {}


def _moved(node: object, base: str) -> object:
    if isinstance(node, dict):
        return {
            key: f"{base}{value[1:]}" if key == "$ref" and str(value).startswith("#") else _moved(value, base)
            for key, value in node.items()
        }
    return [_moved(child, base) for child in node] if isinstance(node, list) else node


def _operation(operation: Operation) -> Json:
    made: Json = {
        "operationId": operation.endpoint.removeprefix("api_").replace(".", "_"),
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            str(operation.status): _success(operation),
            **{str(status): _refusal(status) for status in operation.errors},
        },
    }
    if operation.description:
        made["description"] = operation.description
    if operation.public:
        made["security"] = [{}]
    if operation.body:
        made["requestBody"] = {"required": True, "content": {operation.body_type: _body(operation.body)}}
    return made


def _parameters(operation: Operation) -> list[Json]:
    paths = {
        "{number}": {"name": "number", "schema": parameters.NUMBER},
        "{name}": {"name": "name", "schema": TEXT},
        "{import_id}": {
            "name": "import_id",
            "schema": {"type": "integer", "minimum": 1, "maximum": parameters.LARGEST_ID},
        },
        "{export_id}": {
            "name": "export_id",
            "schema": {"type": "integer", "minimum": 1, "maximum": parameters.LARGEST_ID},
        },
        "{decision_id}": {
            "name": "decision_id",
            "schema": {"type": "integer", "minimum": 1, "maximum": parameters.LARGEST_ID},
        },
        "{seminar_id}": {
            "name": "seminar_id",
            "schema": {"type": "integer", "minimum": 1, "maximum": parameters.LARGEST_ID},
        },
        "{attachment_id}": {
            "name": "attachment_id",
            "schema": {"type": "integer", "minimum": 1, "maximum": parameters.LARGEST_ID},
        },
        "{evidence_id}": {
            "name": "evidence_id",
            "schema": {"type": "integer", "minimum": 1, "maximum": parameters.LARGEST_ID},
        },
    }
    found = [{"in": "path", "required": True, **p} for key, p in paths.items() if key in operation.path]
    for name, node in parameters.of(operation.endpoint).items():
        schema = {key: value for key, value in node.items() if key != "description"}
        query: Json = {"name": name, "in": "query", "schema": schema}
        found.append(query | ({"description": node["description"]} if "description" in node else {}))
    found += [IF_MATCH] if operation.versioned else []
    return found + ([KEY] if operation.method == "post" else [])


def _body(name: str) -> Json:
    content: Json = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    return content | ({"example": EXAMPLES[name]} if name in EXAMPLES else {})


def _success(operation: Operation) -> Json:
    names = [*operation.headers, *(["Idempotent-Replayed"] if operation.method == "post" else [])]
    answer: Json = {"description": "Berhasil"}
    if names:
        answer["headers"] = {name: HEADERS[name] for name in names}
    if operation.answer:
        node = {"schema": {"$ref": f"#/components/schemas/{operation.answer}"}}
        return answer | {"content": {operation.answer_type: node}}
    kinds = evidence_store.ENDINGS if operation.answer_type == JSON else (operation.answer_type,)
    return answer | {"content": {media_type: {} for media_type in kinds}}


def _refusal(status: int) -> Json:
    return {
        "description": TITLES[status],
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/problem"}}},
    }


# --- for people ------------------------------------------------------------------------------------------


@bp.get("/v1/openapi.json")
def document() -> Response:
    return jsonify(description())


@bp.get("/docs")
def docs() -> str:
    found = description()
    groups: dict[str, list[Json]] = {tag["name"]: [] for tag in found["tags"]}
    for row in OPERATIONS:
        groups[row.tag].append(_section(found, row))
    schemas = sorted(name for folder in validation.FOLDERS for name in validation.names(folder))
    return render_template("api/docs.html", groups=groups, info=found["info"], schemas=schemas)


def _section(found: Json, row: Operation) -> Json:
    """A route as the page shows it."""
    operation = found["paths"][row.path][row.method]
    body = found["components"]["schemas"].get(row.body or "", {})
    return {
        "id": operation["operationId"],
        "method": row.method.upper(),
        "path": row.path,
        "operation": operation,
        "parameters": [_shown(p["name"], p["schema"], p) for p in operation["parameters"]],
        "body_type": row.body_type,
        "fields": [
            _shown(name, node, {"required": name in body.get("required", [])})
            for name, node in body.get("properties", {}).items()
        ],
        "answer": row.answer,
        "status": row.status,
        "errors": [(status, TITLES[status]) for status in row.errors],
        "curl": _curl(row),
    }


SIGNS = {"minLength": "≥", "maxLength": "≤", "minimum": "≥", "maximum": "≤", "default": "="}


def _shown(name: str, node: Json, about: Mapping[str, Any]) -> Json:
    """A parameter or field as a row of a table."""
    return {
        "name": name,
        "place": about.get("in", ""),
        "required": about.get("required", False),
        "type": node["type"] if isinstance(node["type"], str) else " | ".join(node["type"]),
        "values": node.get("enum", []),
        "bounds": ", ".join(f"{sign} {node[key]}" for key, sign in SIGNS.items() if key in node),
        "text": about.get("description") or node.get("description") or node.get("title", ""),
    }


def _curl(row: Operation) -> str:
    """What to type, for one invented case."""
    name = "change_plan" if "schemas" in row.path else "approve"
    names = ("evidence_id", "export_id", "import_id", "decision_id", "seminar_id", "attachment_id")
    ids = dict.fromkeys(names, 1)
    path = row.path.format(number="INV-2022-0001", name=name, **ids)
    parts = [] if row.public else ["-H 'Authorization: Bearer lct_…'"]
    parts += ["-X PUT"] if row.method == "put" else []
    parts += ["-H 'If-Match: \"1.0\"'"] if row.versioned else []
    parts += ["-H 'Idempotency-Key: 4f1c…'"] if row.method == "post" else []
    if row.body is not None and row.body in EXAMPLES:
        parts += [f"-H 'Content-Type: {JSON}'", f"-d '{json.dumps(EXAMPLES[row.body], ensure_ascii=False)}'"]
    elif row.body_type == FORM:
        parts.append(CURL_FILES[row.endpoint])
    parts += ["-OJ"] if "Content-Disposition" in row.headers else []
    return " \\\n  ".join([f"curl {request.host_url.rstrip('/')}{path}", *parts])
