"""The API's own description, OpenAPI 3.1: the schemas as enforced, and one row for every route."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Blueprint, Response, json, jsonify, render_template, request

from web.api import parameters
from web.api.problems import bounded
from web.errors import TITLES
from workflow import evidence_store, once, validation
from workflow.errors import Invalid

Json = dict[str, Any]
bp = Blueprint("openapi", __name__, url_prefix="/api")
bp.register_error_handler(Invalid, bounded)

PREFIX = "/api/v1"
CASE = f"{PREFIX}/proposals/{{number}}"
DECISION = f"{PREFIX}/decisions/{{decision_id}}"
LEFT_OUT_OF_LISTS = ("score", "maturity", "forms", "transitions")
JSON, PROBLEM, FORM = "application/json", "application/problem+json", "multipart/form-data"
READ, WRITE, NUMBERED = (401, 403, 422, 500, 503), (400, 401, 403, 413, 415, 422, 500, 503), (404, 409)
DESCRIPTION = """Alur inovasi sebagai JSON: perintah dan aturan yang sama dengan halaman.

Token pembawa (`Authorization: Bearer lct_…`) dibuat di halaman akun atau dengan `loncatan token create`;
cakupannya `read`, `write`, atau keduanya. Sesi peramban juga berlaku; untuk menulis ia harus menyertakan
`X-CSRFToken`. Waktu dalam RFC 3339 UTC. Kesalahan berbentuk RFC 9457 dengan `errors` atau `reasons`."""


@dataclass(frozen=True)
class Operation:
    """One row of the description."""

    endpoint: str
    method: str
    path: str
    tag: str
    summary: str
    description: str
    answer: str
    status: int = 200
    body: str | None = None
    body_type: str = JSON
    headers: tuple[str, ...] = ()
    public: bool = False
    versioned: bool = False
    answer_type: str = JSON
    refuses: bool = False

    @property
    def errors(self) -> list[int]:
        """The statuses that this route may refuse with."""
        found = {401, *READ} if self.method == "get" else set(WRITE)
        if "{number}" in self.path:
            found |= {404} if self.method == "get" else set(NUMBERED)
        if self.refuses:
            found |= set(NUMBERED)
        if {"{name}", "{import_id}", "{export_id}", "{decision_id}", "{seminar_id}"} & set(
            self.path.split("/")
        ):
            found.add(404)
        return sorted(found | ({428} if self.versioned else set()))


OPERATIONS = (
    Operation(
        "api_catalogue.show", "get", f"{PREFIX}/process", "Katalog", "Proses yang berlaku",
        "Alur, tahap, status, langkah, serta nama formulir dan rubriknya.", "process_view", public=True,
    ),
    Operation(
        "api_catalogue.schema", "get", f"{PREFIX}/schemas/{{name}}", "Katalog", "Skema JSON yang ditegakkan",
        "Formulir, rubrik, isi permintaan, dan berkas tahapan, menurut nama.", "any_schema", public=True,
        answer_type="application/schema+json",
    ),
    Operation(
        "openapi.document", "get", f"{PREFIX}/openapi.json", "Katalog", "Dokumen ini",
        "", "any_schema", public=True,
    ),
    Operation(
        "api_proposals.create", "post", f"{PREFIX}/proposals", "Usulan", "Membuat usulan",
        "Usulan baru berstatus draf; pemanggil menjadi pengusulnya.", "proposal", 201, "proposal_create",
        headers=("ETag", "Location"),
    ),
    Operation(
        "api_proposals.index", "get", f"{PREFIX}/proposals", "Usulan", "Daftar usulan yang boleh Anda lihat",
        "Halaman berikutnya: ulangi dengan `cursor`, atau ikuti tajuk `Link`.", "proposal_page",
        headers=("Link",),
    ),
    Operation(
        "api_proposals.show", "get", CASE, "Usulan", "Satu usulan",
        "Formulir, nilai, batas waktu, dan semua langkah dari sini beserta alasan bila tertutup bagi Anda.",
        "proposal", headers=("ETag",),
    ),
    Operation(
        "api_proposals.draft", "put", f"{CASE}/draft", "Usulan", "Menyimpan isian sementara",
        "Boleh belum lengkap, tetapi bentuknya harus benar. ETag berganti setiap kali disimpan.",
        "proposal", 200, "draft", headers=("ETag",), versioned=True,
    ),
    Operation(
        "api_proposals.step", "post", f"{CASE}/transitions/{{name}}", "Usulan", "Menjalankan langkah",
        "Tanpa `form`, draf yang tersimpan yang diajukan. Penolakan menyebut semua `errors` atau `reasons`.",
        "proposal", 200, "transition", headers=("ETag",), versioned=True,
    ),
    Operation(
        "api_proposals.extend", "post", f"{CASE}/extensions", "Usulan", "Memperpanjang batas waktu",
        "Oleh peran yang disebut tahapnya, sebanyak dan sejauh yang diizinkannya; pengingat ikut bergeser.",
        "proposal", 200, "extension", headers=("ETag",), versioned=True,
    ),
    Operation(
        "api_proposals.nudge", "post", f"{CASE}/nudges", "Usulan", "Mengingatkan pemegang giliran",
        "Satu surel kepada setiap pemegang giliran yang belum diingatkan dalam dua hari kerja terakhir.",
        "event", 201, headers=("Location",),
    ),
    Operation(
        "api_proposals.review", "post", f"{CASE}/reviews", "Usulan", "Memberi penilaian",
        "Oleh penelaah yang ditugaskan, sekali untuk setiap putaran, menurut rubrik status ini.",
        "proposal", 201, "review", headers=("ETag", "Location"),
    ),
    Operation(
        "api_proposals.messages", "get", f"{CASE}/messages", "Usulan", "Diskusi usulan",
        "Pesan yang boleh Anda baca, yang terlama lebih dahulu.", "message_list",
    ),
    Operation(
        "api_proposals.say", "post", f"{CASE}/messages", "Usulan", "Menulis dalam diskusi",
        "Tidak mengubah usulan, jadi tanpa `If-Match`. Yang disebut dan yang berkepentingan mendapat surel.",
        "message", 201, "message_create", headers=("Location",),
    ),
    Operation(
        "api_decisions.create", "post", f"{CASE}/decisions", "Keputusan ditahan", "Menahan keputusan",
        "Diperiksa seperti langkahnya, tetapi tidak dijalankan; tidak ada yang diberi tahu sampai dirilis.",
        "decision", 201, "decision_create", headers=("Location",), versioned=True,
    ),
    Operation(
        "api_decisions.index", "get", f"{PREFIX}/decisions", "Keputusan ditahan", "Keputusan yang ditahan",
        "Yang boleh Anda putuskan, termasuk yang gugur dan belum disingkirkan.", "decision_list",
    ),
    Operation(
        "api_decisions.show", "get", DECISION, "Keputusan ditahan", "Satu keputusan",
        "`changes` menyebut berapa peristiwa yang menahan rilisnya.", "decision",
    ),
    Operation(
        "api_decisions.seen", "post", f"{DECISION}/seen", "Keputusan ditahan", "Perubahan sudah dibaca",
        "`seen` ialah `seq` peristiwa terakhir usulan yang Anda baca.", "decision", 200, "decision_seen",
        refuses=True,
    ),
    Operation(
        "api_decisions.withdraw", "post", f"{DECISION}/withdraw", "Keputusan ditahan", "Menarik keputusan",
        "Selama belum dirilis; tidak ada yang diberi tahu.", "decision", refuses=True,
    ),
    Operation(
        "api_decisions.release", "post", f"{DECISION}/release", "Keputusan ditahan", "Merilis keputusan",
        "Langkahnya dijalankan dan surelnya dikirim. Ditolak bila usulan berubah sejak keputusan ditahan.",
        "proposal", headers=("ETag",), refuses=True,
    ),
    Operation(
        "api_proposals.attachment", "get", f"{CASE}/attachments/{{attachment_id}}", "Usulan",
        "Mengunduh lampiran pesan", "Bagi yang boleh membaca pesannya; selalu sebagai lampiran.", "",
        headers=("Content-Disposition",),
    ),
    Operation(
        "api_adoptions.index", "get", f"{CASE}/adoptions", "Adopsi", "Silsilah adopsi sebuah inovasi",
        "Inovasi asal dan semua adopsinya menurut generasi. Replikasi oleh daerah lain tidak termasuk.",
        "adoption_list",
    ),
    Operation(
        "api_adoptions.create", "post", f"{CASE}/adoptions", "Adopsi", "Menyatakan minat atau menawarkan",
        "`form`: minat perangkat daerah Anda. `agency` dan `note`: tawaran koordinator. `number` adalah "
        "inovasi yang sudah dipakai, atau adopsi yang sudah berhasil.",
        "proposal", 201, "adoption_create", headers=("ETag", "Location"),
    ),
    Operation(
        "api_adoptions.matches", "get", f"{CASE}/matches", "Adopsi", "Perangkat daerah yang cocok",
        "Untuk koordinator: paling cocok lebih dahulu, dengan alasan dan jawaban sebelumnya.", "match_list",
    ),
    Operation(
        "api_evidence.index", "get", f"{CASE}/evidence", "Bukti dukung", "Daftar bukti dukung",
        "", "evidence_list",
    ),
    Operation(
        "api_evidence.add", "post", f"{CASE}/evidence", "Bukti dukung", "Mengunggah bukti dukung",
        f"PDF, JPEG, atau PNG menurut isinya, paling besar {evidence_store.LARGEST // 1024 // 1024} MB; "
        f"MP4 paling besar {evidence_store.LARGEST_VIDEO // 1024 // 1024} MB.",
        "evidence", 201, "evidence_upload", FORM, headers=("Location",),
    ),
    Operation(
        "api_evidence.fetch", "get", f"{CASE}/evidence/{{evidence_id}}", "Bukti dukung", "Mengunduh berkas",
        "Selalu sebagai lampiran.", "", headers=("Content-Disposition",),
    ),
    Operation(
        "api_imports.add", "post", f"{PREFIX}/imports", "Impor", "Mengimpor angkatan atau registri",
        "XLSX, ODS, atau CSV sampai 10 MB dan 10.000 baris; diperiksa, lalu baris yang baik diimpor.",
        "import", 202, "import_upload", FORM, headers=("Location",),
    ),
    Operation(
        "api_imports.show", "get", f"{PREFIX}/imports/{{import_id}}", "Impor", "Kemajuan dan temuan impor",
        "`rows` memuat baris dengan kesalahan atau catatan; halaman berikutnya: ulangi dengan `cursor`.",
        "import",
    ),
    Operation(
        "api_exports.add", "post", f"{PREFIX}/exports", "Ekspor", "Meminta paket ekspor",
        "Satu entri, atau semua entri satu tahun; pekerja membuatnya. Entri yang sama menghasilkan berkas "
        "yang sama persis.", "export", 202, "export_create", headers=("Location",), refuses=True,
    ),
    Operation(
        "api_exports.show", "get", f"{PREFIX}/exports/{{export_id}}", "Ekspor", "Kemajuan dan isi paket",
        "Ulangi sampai `state` bukan `building`; berkasnya ada pada `links.file`.", "export",
    ),
    Operation(
        "api_exports.cancel", "post", f"{PREFIX}/exports/{{export_id}}/cancel", "Ekspor", "Membatalkan paket",
        "Yang sudah dikemas dihapus.", "export", refuses=True,
    ),
    Operation(
        "api_exports.fetch", "get", f"{PREFIX}/exports/{{export_id}}/file", "Ekspor", "Mengunduh paket",
        "ZIP dengan `manifest.json`; disimpan tujuh hari.", "", headers=("Content-Disposition",),
        answer_type="application/zip",
    ),
    Operation(
        "api_seminars.index", "get", f"{PREFIX}/seminars", "Seminar", "Daftar seminar",
        "Sesi yang Anda susun, pimpin, atau ikuti, dengan presentasi yang boleh Anda lihat.", "seminar_page",
    ),
    Operation(
        "api_seminars.show", "get", f"{PREFIX}/seminars/{{seminar_id}}", "Seminar", "Satu sesi seminar",
        "Kalendernya ada pada `links.calendar`, bagi yang masuk lewat peramban.", "seminar",
    ),
    Operation(
        "api_events.of_case", "get", f"{CASE}/events", "Peristiwa dan surel", "Riwayat usulan",
        "Isi penilaian hanya tampak bagi yang boleh membacanya.", "event_list",
    ),
    Operation(
        "api_events.emails", "get", f"{CASE}/emails", "Peristiwa dan surel", "Surel tentang usulan",
        "Surel Anda sendiri; koordinator, penyelenggara, dan auditor melihat semuanya.", "email_list",
    ),
    Operation(
        "api_events.feed", "get", f"{PREFIX}/events", "Peristiwa dan surel", "Aliran semua peristiwa",
        "Untuk koordinator dan auditor. Simpan `next_after`, lalu tanyakan lagi dengan `after`.", "feed",
    ),
    Operation(
        "api_events.for_si_risma", "get", f"{PREFIX}/registry/si-risma", "Peristiwa dan surel",
        "Registri dalam kolom Si Risma",
        "Untuk koordinator dan auditor. Baris datang lagi bila inovasinya berubah; simpan `next_after`.",
        "si_risma_feed",
    ),
)  # fmt: skip

LISTED = ("adoption", "decision", "email", "event", "evidence", "match", "message")
EXAMPLES: Mapping[str, Json] = {
    "proposal_create": {
        "title": "SIAGA POSYANDU: pemantauan gizi balita",
        "category": "digital",
        "agency": "puskesmas-tanon-1",
        "cohort": "pkp-iv-2022",
        "mentor": "atasan@contoh.invalid",
    },
    "adoption_create": {
        "form": {
            "problem": "Pemohon datang berulang kali untuk menanyakan berkasnya, lalu memakai perantara.",
            "expected": "Pemohon cukup bertanya lewat pesan.",
        }
    },
    "draft": {"form": {}, "transition": "submit"},
    "transition": {"note": "Rancangan sudah baik; lanjutkan ke seminar."},
    "decision_create": {"transition": "settle_design", "note": "Penguji sepakat setelah pembahasan."},
    "decision_seen": {"seen": 24},
    "extension": {"until": "2022-12-06", "reason": "Peserta bertugas di luar daerah selama tiga hari."},
    "export_create": {"proposal": "INV-2022-0001"},
    "message_create": {"audience": "everyone", "text": "Apakah data dasar tahun 2021 sudah tersedia?"},
    "review": {
        "recommendation": "feasible",
        "scores": {"renewal": 85, "benefit": 90, "no_burden": 80, "authority": 90, "replicable": 75},
        "comment": "Manfaatnya jelas; lengkapi rencana pemeliharaan sistem.",
    },
}
CURL_FILES = {
    "api_evidence.add": "-F 'file=@surat.pdf' -F 'field=permission' -F 'letter_number=800/12/2022'",
    "api_imports.add": "-F 'file=@registri.xlsx' -F 'kind=registry' -F 'dry_run=true'",
}

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
