"""Moments and numbers as people in Indonesia read them; the API speaks RFC 3339 in UTC instead."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from workflow.clock import WIB

DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip


def long_date(moment: datetime | date) -> str:
    """22 November 2022"""
    day = _local(moment)
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def full_date(moment: datetime | date) -> str:
    """Selasa, 22 November 2022"""
    return f"{DAYS[_local(moment).weekday()]}, {long_date(moment)}"


def clock_time(moment: datetime) -> str:
    """14.20 WIB"""
    return f"{moment.astimezone(WIB):%H.%M} WIB"


def long_moment(moment: datetime) -> str:
    """22 November 2022 pukul 14.20 WIB"""
    return f"{long_date(moment)} pukul {clock_time(moment)}"


def deadline(moment: datetime) -> str:
    """Rabu, 23 November 2022, 23.59 WIB"""
    return f"{full_date(moment)}, {clock_time(moment)}"


def age(duration: timedelta) -> str:
    """How long something has waited, in the unit people would use: 5 menit, 3 jam, 12 hari."""
    minutes = max(int(duration.total_seconds() // 60), 0)
    if minutes < 2 * 60:
        return f"{minutes} menit"
    hours = minutes // 60
    return f"{hours} jam" if hours < 2 * 24 else f"{thousands(hours // 24)} hari"


def decimal(number: Decimal | str) -> str:
    """77,23"""
    return str(number).replace(".", ",")


def thousands(number: int) -> str:
    """1.239"""
    return f"{number:,}".replace(",", ".")


def _local(moment: datetime | date) -> date:
    return moment.astimezone(WIB).date() if isinstance(moment, datetime) else moment
