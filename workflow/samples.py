"""A valid document for any schema, made from the schema itself: for replays, tests and API examples."""

import struct
import zlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from workflow.validation import count_words, schema

WORDS = [
    "pelayanan",
    "warga",
    "menjadi",
    "lebih",
    "cepat",
    "karena",
    "petugas",
    "mencatat",
    "langsung",
    "di",
    "lapangan",
    "lalu",
    "memeriksa",
    "hasilnya",
    "bersama",
    "setiap",
    "pekan",
    "sehingga",
    "keluhan",
    "segera",
    "ditangani",
    "dan",
    "datanya",
    "dapat",
    "dipercaya",
]


def sample(name: str, turn: int = 0, today: date | None = None) -> dict[str, Any]:
    """A document that holds; `turn` varies its texts. Dates that may not lie ahead are `today`, if given."""
    made = _object(schema(name), turn)
    bounded = [key for key, node in schema(name)["properties"].items() if "x-not-after" in node]
    return made | ({key: today.isoformat() for key in bounded if key in made} if today else {})


def _object(node: Mapping[str, Any], turn: int) -> dict[str, Any]:
    wanted = set(node.get("required", ()))
    made = {key: _value(child, turn) for key, child in node["properties"].items() if key in wanted}
    least = node.get("minWords", 0)
    texts = [k for k, v in made.items() if isinstance(v, str) and "enum" not in node["properties"][k]]
    if least and texts:
        share = least // len(texts) + 1
        made |= {key: _text(share, turn + i) for i, key in enumerate(texts)}
    return made


def _value(node: Mapping[str, Any], turn: int) -> Any:  # noqa: ANN401
    kind = node.get("type")
    if "enum" in node:
        return node["enum"][0]
    if kind == "object":
        return _object(node, turn)
    if kind == "array":
        return _items(node["items"], max(node.get("minItems", 0), 1), turn)
    if kind == "boolean":
        return False
    if kind in {"integer", "number"}:
        return max(node.get("minimum", 0), min(80, node.get("maximum", 80)))
    return _string(node, turn)


def _items(node: Mapping[str, Any], count: int, turn: int) -> list[Any]:
    """As many as there must be; choices each another one."""
    return node["enum"][:count] if "enum" in node else [_value(node, turn + i) for i in range(count)]


def _string(node: Mapping[str, Any], turn: int) -> str:
    if node.get("format") == "date":
        return f"2022-10-{turn % 28 + 1:02d}"
    if node.get("format") == "uri":
        return "https://contoh.sragenkab.invalid/bukti"
    text = _text(max(node.get("minWords", 0), 3), turn)
    while len(text) < node.get("minLength", 0):
        text += " " + _text(5, turn)
    return text[: node.get("maxLength", len(text))].strip()


def _text(words: int, turn: int) -> str:
    chosen = [WORDS[(turn + i) % len(WORDS)] for i in range(words)]
    text = " ".join(chosen)
    assert count_words(text) >= words  # noqa: S101 - WORDS hold one word each
    return text


def sample_pdf(lines: list[str]) -> bytes:
    """One page of plain text as a PDF that any reader opens; for replays, tests and the demo's evidence."""
    shown = "".join(f"({_escaped(line)}) Tj T* " for line in lines)
    stream = f"BT /F1 11 Tf 56 780 Td 16 TL {shown}ET".encode("latin-1", "replace")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    body_end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + body_end


def _escaped(line: str) -> str:
    return line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def sample_png(seed: int) -> bytes:
    """A small picture of coloured bands that differs from seed to seed."""
    width, height = 320, 200
    colours = [
        bytes((seed * 37 + band * 53 + shade * 71) % 200 + 40 for shade in range(3)) for band in range(8)
    ]
    lines = b"".join(b"\0" + colours[y * 8 // height] * width for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"".join(
        _chunk(kind, data)
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
