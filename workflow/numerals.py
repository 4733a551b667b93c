"""Numbers and dates spelt out, as official letters write them."""

from datetime import date, datetime

from workflow.calendar import wib_date
from workflow.dates import DAYS, MONTHS

UNITS = (
    "", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh", "sebelas",
)  # fmt: skip
LARGEST = 9999


def spelt(number: int) -> str:
    """Dua ribu dua puluh dua; up to 9999."""
    if not 0 <= number <= LARGEST:
        raise ValueError(number)
    return _spelt(number) or "nol"


def _spelt(number: int) -> str:
    if number < len(UNITS):
        return UNITS[number]
    if number < 20:  # noqa: PLR2004
        return f"{UNITS[number - 10]} belas"
    for size, word in ((1000, "ribu"), (100, "ratus"), (10, "puluh")):
        many, rest = divmod(number, size)
        if many:
            head = f"se{word}" if many == 1 else f"{_spelt(many)} {word}"
            return f"{head} {_spelt(rest)}".strip()
    return ""


def spelt_date(moment: datetime | date) -> str:
    """Kamis, tanggal dua puluh empat bulan November tahun dua ribu dua puluh dua"""
    day = wib_date(moment) if isinstance(moment, datetime) else moment
    month = MONTHS["id"][day.month - 1]
    return f"{DAYS['id'][day.weekday()]}, tanggal {spelt(day.day)} bulan {month} tahun {spelt(day.year)}"
