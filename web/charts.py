"""The figures that move, as tables with bars: stages, months, deadlines, entries of an award year.

A figure has `columns` and rows of {label, cells}; each row is drawn by `value` (and `other`, where a second
bar stands below the first) against `full`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from web import dates
from web.language import locale
from web.language import say as _
from web.list_state import ListState
from workflow.calendar import month_of
from workflow.case_lists import Filters
from workflow.commands.years import FIRST
from workflow.definition import process, versions
from workflow.exports.document import UNOFFICIAL
from workflow.iid.outlook import Band, Outlook
from workflow.iid.region import Index
from workflow.overview import Overview

Row = dict[str, Any]


def award_year(args: Mapping[str, str]) -> int | None:
    """The year asked for by `iga=2024`, if it is one."""
    text = args.get("iga", "")
    year = int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else 0  # noqa: PLR2004
    return year if year >= FIRST else None


def moving(held: Overview, state: ListState) -> list[dict[str, Any]]:
    """Every figure that this person may see, in the order of the page."""
    asked = held.outlook.year if held.outlook else None
    found = [_passages(held, state), _lengths(held), _months(held, state), _punctuality(held)]
    if held.outlook is not None:
        found += [_maturity(held.outlook, state), _forecast(held.outlook, state)]
    more = {"iga": str(asked)} if asked else {}
    return [
        {
            "note": "",
            "empty": "",
            "links": [],
            **figure,
            "full": _full(figure["rows"], figure.get("full")),
            "csv": state.href(f"/gambaran/{figure['name']}.csv", **more),
            "svg": state.href(f"/gambaran/{figure['name']}.svg", **more),
        }
        for figure in found
    ]


def _passages(held: Overview, state: ListState) -> dict[str, Any]:
    last = held.passages[-1].stage
    rows: list[Row] = []
    for stage in held.passages:
        onward = "" if stage.stage == last or stage.share is None else stage.share
        said = _("%(share)s %% lanjut", share=onward) if onward != "" else ""
        rows.append(
            {
                "label": _stage(stage.stage),
                "value": stage.entered,
                "text": " · ".join(filter(None, [dates.thousands(stage.entered), said])),
                "href": _href(stage.filters, state),
                "cells": [stage.entered, stage.went_on, onward],
            }
        )
    return {
        "name": "funnel",
        "title": _("Perjalanan dari tahap ke tahap"),
        "note": _(
            "Yang pernah masuk ke tahap itu, dan berapa persen di antaranya lanjut ke tahap berikutnya."
        ),
        "columns": [_("Tahap"), _("Pernah masuk"), _("Lanjut ke tahap berikutnya"), _("Persen lanjut")],
        "rows": rows,
    }


def _lengths(held: Overview) -> dict[str, Any]:
    rows: list[Row] = [
        {
            "label": _stage(stage.stage),
            "value": stage.median or 0,
            "text": _("belum ada")
            if stage.median is None
            else _("%(days)s hari · 9 dari 10 ≤ %(most)s", days=stage.median, most=stage.ninth),
            "cells": ["" if n is None else n for n in (stage.finished, stage.median, stage.ninth)],
        }
        for stage in held.passages
    ]
    return {
        "name": "cycle",
        "title": _("Lama di setiap tahap"),
        "note": _("Median hari kerja dari masuk sampai selesai; yang masih berjalan belum dihitung."),
        "columns": [_("Tahap"), _("Selesai"), _("Median hari kerja"), _("9 dari 10 paling lama")],
        "rows": rows,
    }


def _months(held: Overview, state: ListState) -> dict[str, Any]:
    rows: list[Row] = [
        {
            "label": _month(month.name),
            "value": month.begun,
            "other": month.ended,
            "cells": [month.begun, month.ended, month.open],
            "hrefs": [_href(month.begun_filters, state), _href(month.ended_filters, state), None],
        }
        for month in held.months
    ]
    return {
        "name": "flow",
        "title": _("Masuk dan selesai per bulan"),
        "note": _(
            "Dua belas bulan terakhir. Selesai: mencapai hasil akhir, dihentikan, ditolak, atau ditarik."
        ),
        "columns": [_("Bulan"), _("Masuk"), _("Selesai"), _("Terbuka")],
        "rows": rows,
    }


def _punctuality(held: Overview) -> dict[str, Any]:
    rows: list[Row] = [
        {
            "label": agency.name,
            "value": agency.share,
            "text": _(
                "%(share)s %% · %(kept)s dari %(all)s",
                share=agency.share,
                kept=dates.thousands(agency.kept),
                all=dates.thousands(agency.kept + agency.missed),
            ),
            "cells": [agency.kept, agency.missed, agency.share],
        }
        for agency in held.punctuality
    ]
    return {
        "name": "punctuality",
        "title": _("Batas waktu yang ditepati"),
        "note": _("Dari batas waktu yang sudah lewat atau dijawab; yang paling sering terlampaui di atas."),
        "empty": _("Belum ada batas waktu yang lewat atau dijawab."),
        "columns": [_("Perangkat daerah"), _("Ditepati"), _("Terlampaui"), _("Persen ditepati")],
        "rows": rows,
        "full": 100,
    }


# --- entries of an award year ----------------------------------------------------------------------------


def _maturity(outlook: Outlook, state: ListState) -> dict[str, Any]:
    most = _plain(outlook.catalogue.most)
    local = _plain(outlook.catalogue.entry.mature_from)
    rows: list[Row] = [
        {
            "label": _band(band, most),
            "value": band.claimed,
            "other": band.verified,
            "cells": [band.claimed, band.verified],
            "hrefs": [None, None],
        }
        for band in outlook.bands
    ]
    return {
        "name": "maturity",
        "title": _("Skor kematangan entri IGA %(year)s", year=outlook.year),
        "note": _(
            "%(count)s entri. Pengelompokan kerja: tidak ada ambang resmi; %(local)s adalah patokan daerah.",
            count=outlook.entries,
            local=local,
        ),
        "empty": "" if outlook.entries else _("Belum ada entri untuk tahun ini pada saringan ini."),
        "columns": [_("Skor"), _("Klaim"), _("Terverifikasi")],
        "rows": rows if outlook.entries else [],
        "links": _years(outlook, state),
    }


def _forecast(outlook: Outlook, state: ListState) -> dict[str, Any]:
    spd = _("SPD belum dicatat, dihitung 0.")
    if outlook.spd is not None:
        spd = _("SPD %(spd)s.", spd=dates.decimal(str(outlook.spd)))
    counted = _("%(count)s entri seluruh daerah, tanpa saringan.", count=outlook.verified.entries)
    return {
        "name": "forecast",
        "title": _("Perkiraan IID %(year)s", year=outlook.year),
        "note": " ".join(filter(None, [UNOFFICIAL, counted, spd, outlook.borrowed])),
        "columns": [_("Dasar"), _("Perkiraan IID"), _("Kategori daerah"), _("Entri")],
        "rows": [
            _index(_("Terverifikasi"), outlook.verified, "act"),
            _index(_("Klaim"), outlook.claimed, "plain"),
        ],
        "full": 100,
        "links": _years(outlook, state),
    }


def _index(label: str, index: Index, tone: str) -> Row:
    figure = dates.decimal(str(index.iid))
    return {
        "label": label,
        "value": float(index.iid),
        "text": f"{figure} · {index.category.title}",
        "tone": tone,
        "cells": [figure, index.category.title, index.entries],
    }


def _years(outlook: Outlook, state: ListState) -> list[tuple[str, str | None]]:
    """The award years to choose from; the present one leads nowhere."""
    return [
        (str(year), None if year == outlook.year else state.href("/gambaran", iga=str(year)))
        for year in outlook.offered
    ]


def _band(band: Band, most: str) -> str:
    least = _plain(band.least)
    if band.below is None:
        return _("%(least)s sampai %(most)s", least=least, most=most)
    below = _plain(band.below)
    return _("%(least)s sampai di bawah %(below)s", least=least, below=below)


def _plain(number: Decimal) -> str:
    """100 and 85,5: without the zeros that say nothing."""
    return dates.decimal(f"{number.normalize():f}")


def _stage(name: str) -> str:
    return process(versions()[-1]).stages[name].title(locale())


def _month(name: str) -> str:
    return dates.short_month(month_of(name)[0])


def _href(filters: Filters | None, state: ListState) -> str | None:
    return replace(state, filters=filters).href() if filters else None


def _full(rows: Sequence[Row], full: int | None) -> float:
    """The value of a whole bar."""
    return full or max([1, *(row["value"] for row in rows), *(row.get("other", 0) for row in rows)])
