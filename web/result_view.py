"""What a pilot or an adoption achieved, as pages show it: figures, milestones, adaptations."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from web.language import locale
from web.language import say as _
from workflow.models import Case, Evidence

MONTHS = (3, 6, 12)
HERE = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class Measure:
    """One indicator with its bars (as the `bars` macro draws them) and what came of it in a word."""

    title: str
    unit: str
    source: str
    rows: list[dict[str, Any]]
    verdict: tuple[str, str] | None


def measures(case: Case) -> list[Measure]:
    """The indicators of the pilot's report, else of its plan; of an adoption, those of all its results."""
    report, plan = case.forms.get("pilot_report"), case.forms.get("pilot_plan")
    found = [_measure(i) for i in (report or plan or {}).get("indicators", [])]
    return found + _adopted(case.forms.get("adoption_result", []))


def _measure(indicator: dict[str, Any]) -> Measure:
    rows = [(_("Sebelum"), indicator["baseline"], "plain"), (_("Target"), indicator["target"], "sogan")]
    if "result" in indicator:
        rows.append((_("Sesudah"), indicator["result"], "act"))
    return Measure(
        indicator["name"], indicator["unit"], indicator.get("source", ""), _bars(rows), _verdict(indicator)
    )


def _adopted(results: Sequence[dict[str, Any]]) -> list[Measure]:
    """One measure per indicator name, with a bar for each time it was measured."""
    names = dict.fromkeys(i["name"] for result in results for i in result["indicators"])
    found = []
    for name in names:
        held = [
            (months, indicator)
            for months, result in zip(MONTHS, results, strict=False)
            for indicator in result["indicators"]
            if indicator["name"] == name
        ]
        rows = [(_("Sebelum"), held[0][1]["baseline"], "plain")]
        rows += [(_("%(n)s bulan", n=months), i["result"], "act") for months, i in held]
        last = held[-1][1]
        found.append(Measure(name, last["unit"], last.get("source", ""), _bars(rows), None))
    return found


def _bars(rows: Iterable[tuple[str, float, str]]) -> list[dict[str, Any]]:
    return [
        {"label": label, "value": max(value, 0), "text": number(value), "tone": tone}
        for label, value, tone in rows
    ]


def number(value: float) -> str:
    """1.239 or 6,25; in English 1,239 or 6.25"""
    text = f"{value:,.2f}".rstrip("0").rstrip(".")
    return text if locale() == "en" else text.translate(HERE)


def _verdict(indicator: dict[str, Any]) -> tuple[str, str] | None:
    """How far it came, told without blame."""
    if "result" not in indicator:
        return None
    before, target, after = indicator["baseline"], indicator["target"], indicator["result"]
    upwards = target >= before
    if (after >= target) if upwards else (after <= target):
        return _("Target tercapai"), "ok"
    if (after > before) if upwards else (after < before):
        return _("Bergerak menuju target"), "wait"
    return _("Belum bergerak menuju target"), "plain"


def milestones(case: Case, evidence: Iterable[Evidence]) -> list[dict[str, Any]]:
    """The log of milestones, newest first, each with how many files prove it."""
    proofs = [proof.field for proof in evidence]
    found = [
        {**entry, "number": index, "files": proofs.count(f"milestone.{index}")}
        for index, entry in enumerate(case.forms.get("milestone", []), start=1)
    ]
    return sorted(found, key=lambda entry: (entry["done_on"], entry["number"]), reverse=True)
