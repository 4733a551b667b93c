"""Papers to read, set by Typst; what people wrote is data, never markup."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import typst

from workflow.dates import decimal, long_date
from workflow.exports.document import Package
from workflow.exports.sheets import STATES, category


def entry(package: Package) -> bytes:
    """The PDF; the same entry gives the same bytes."""
    return set_in("entry", _said(package), package.changed_at)


def set_in(name: str, said: Mapping[str, Any], at: datetime) -> bytes:
    """The PDF that the template `name` makes of these words, dated `at`."""
    made = typst.compile(
        _template(name),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={name: json.dumps(said, ensure_ascii=False)},
        timestamp=int(at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("Typst gave no PDF")
    return made


@cache
def _template(name: str) -> bytes:
    return (files("workflow.exports") / f"{name}.typ").read_bytes()


@cache
def _fonts() -> typst.Fonts:
    """Those within the wheel alone: another machine's fonts would give another paper."""
    return typst.Fonts(include_system_fonts=False)


def _said(package: Package) -> dict[str, Any]:
    """The entry in the words of the paper."""
    whole = package.profile
    scores = whole["scores"]
    return {
        "letterhead": package.letterhead,
        "title": whole["title"],
        "facts": [
            ["Nomor", whole["number"]],
            ["Dibuat oleh", whole["agency"]],
            ["Jenis", category(whole["category"])],
            ["Tahapan", whole["stage"]],
            ["Tahun penilaian", f"IGA {whole['year']} (katalog {whole['catalogue']})"],
            ["Keadaan", whole["state"]["title"]],
            ["Nomor register", whole["register_number"] or "Belum ada"],
        ],
        "scores": [
            ["Skor klaim", f"{decimal(scores['claimed'])} dari {decimal(scores['most'])}"],
            ["Skor terverifikasi", decimal(scores["verified"])],
            ["Skor Kementerian", decimal(scores["ministry"]) if scores["ministry"] else "Belum diketahui"],
        ],
        "sections": [
            {"title": s["title"], "items": [_answer(item) for item in s["items"]]} for s in package.answers
        ],
        "requirements": [[r["met"], r["message"]] for r in whole["requirements"]],
        "indicators": [_indicator(row) for row in package.indicators],
        "notes": whole["notes"],
        "foot": f"{whole['number']} · keadaan per {long_date(package.changed_at)}",
    }


def _answer(item: Mapping[str, Any]) -> dict[str, Any]:
    if item["widget"] == "group":
        return {"title": item["title"], "parts": [_answer(child) for child in item["rows"]]}
    value = item["value"]
    text = "; ".join(value) if isinstance(value, list) else value
    return {"title": item["title"], "text": str(text or "Belum diisi"), "long": item["widget"] == "textarea"}


def _indicator(row: Mapping[str, Any]) -> dict[str, Any]:
    proofs = [
        " · ".join(filter(None, [p["file"], p["letter_number"], p["letter_date"], p["letter_subject"]]))
        for p in row["evidence"]
    ]
    return {
        "number": row["number"],
        "title": row["title"] + (" (wajib)" if row["mandatory"] else ""),
        "level": f"P{row['level']}: {row['level_text']}" if row["level"] else "Belum ada",
        "points": f"{row['points']['claimed']} / {row['points']['most']}",
        "state": STATES[row["state"]],
        "proofs": proofs + ([row["link"]] if row["link"] else []),
    }
