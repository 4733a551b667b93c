"""Moments and numbers as people in Indonesia read them, and in English; the API speaks RFC 3339 in UTC."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from workflow.clock import WIB

ENGLISH = "en"
DAYS = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    ENGLISH: ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = {
    "id": (
        "Januari", "Februari", "Maret", "April", "Mei", "Juni",
        "Juli", "Agustus", "September", "Oktober", "November", "Desember",
    ),
    ENGLISH: (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip


def long_date(moment: datetime | date, locale: str = "id") -> str:
    """22 November 2022"""
    day = _local(moment)
    return f"{day.day} {MONTHS[locale][day.month - 1]} {day.year}"


def month_year(moment: datetime | date, locale: str = "id") -> str:
    """November 2022"""
    day = _local(moment)
    return f"{MONTHS[locale][day.month - 1]} {day.year}"


def short_month(moment: datetime | date, locale: str = "id") -> str:
    """Nov 2022"""
    name, _blank, year = month_year(moment, locale).partition(" ")
    return f"{name[:3]} {year}"


def full_date(moment: datetime | date, locale: str = "id") -> str:
    """Selasa, 22 November 2022"""
    return f"{DAYS[locale][_local(moment).weekday()]}, {long_date(moment, locale)}"


def clock_time(moment: datetime, locale: str = "id") -> str:
    """14.20 WIB; 14:20 WIB in English"""
    local = moment.astimezone(WIB)
    return f"{local:%H:%M} WIB" if locale == ENGLISH else f"{local:%H.%M} WIB"


def long_moment(moment: datetime, locale: str = "id") -> str:
    """22 November 2022 pukul 14.20 WIB"""
    at = "at" if locale == ENGLISH else "pukul"
    return f"{long_date(moment, locale)} {at} {clock_time(moment, locale)}"


def deadline(moment: datetime, locale: str = "id") -> str:
    """Rabu, 23 November 2022, 23.59 WIB"""
    return f"{full_date(moment, locale)}, {clock_time(moment, locale)}"


def wib(moment: datetime) -> str:
    """2022-09-12 09:00, for tables that are sorted and reckoned with."""
    return moment.astimezone(WIB).strftime("%Y-%m-%d %H:%M")


def age(duration: timedelta, locale: str = "id") -> str:
    """How long something has waited, in the unit people would use: 5 menit, 3 jam, 12 hari."""
    minutes = max(int(duration.total_seconds() // 60), 0)
    hours = minutes // 60
    if minutes < 2 * 60:
        count, unit = minutes, ("menit", "minute")
    elif hours < 2 * 24:
        count, unit = hours, ("jam", "hour")
    else:
        count, unit = hours // 24, ("hari", "day")
    if locale == ENGLISH:
        return f"{thousands(count, locale)} {unit[1]}{'' if count == 1 else 's'}"
    return f"{thousands(count)} {unit[0]}"


def decimal(number: Decimal | str, locale: str = "id") -> str:
    """77,23; 77.23 in English"""
    return str(number) if locale == ENGLISH else str(number).replace(".", ",")


def signed(number: Decimal, locale: str = "id") -> str:
    """A difference with its sign: +3,00, −1,25, 0,00; with a point in English"""
    sign = "+" if number > 0 else "−" if number < 0 else ""
    return f"{sign}{decimal(abs(number), locale)}"


def thousands(number: int, locale: str = "id") -> str:
    """1.239; 1,239 in English"""
    text = f"{number:,}"
    return text if locale == ENGLISH else text.replace(",", ".")


def _local(moment: datetime | date) -> date:
    return moment.astimezone(WIB).date() if isinstance(moment, datetime) else moment
