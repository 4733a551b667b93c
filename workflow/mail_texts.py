"""The words of mails as people changed them: which stand, their history, and what may stand in them.

How they are checked and written out is the workers' business; whoever makes the web hands it over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workflow.errors import Problem
from workflow.models import Case, MailText

LOCALES = ("id", "en")
LONGEST_SUBJECT, LONGEST_BODY, LONGEST_REASON = 300, 10_000, 500

PLACEHOLDERS: Mapping[str, str] = {
    "case.number": "nomor usulan",
    "case.title": "judul usulan",
    "case.agency": "perangkat daerah pengusul",
    "case.stage": "tahap usulan",
    "case.state": "status usulan",
    "case.owner_title": "peran yang memegang giliran",
    "case.url": "alamat halaman usulan, untuk tombol",
    "recipient.name": "nama penerima",
    "actor.name": "nama orang yang mengambil langkah; kosong bila sistem",
    "event.at": "kapan peristiwanya terjadi",
    "event.note": "catatan yang ditulis pengambil keputusan; kosong bila tidak ada",
    "event.file": "nama berkas",
    "event.files": "nama berkas yang dilampirkan; kosong bila tidak ada",
    "event.signature": "nama malware yang ditemukan",
    "requests": "permintaan perbaikan satu per satu, untuk kutipan",
    "until": "batas waktu; kosong bila tidak ada",
    "days_left": "sisa hari kerja sampai batas waktu",
    "deadline.ends": "akhir batas waktu yang baru",
    "deadline.before": "akhir batas waktu semula",
    "own_score.score": "nilai rata-rata; hanya bagi pengusul",
    "own_score.pass": "batas lulus; hanya bagi pengusul",
    "passed": "lulus atau tidak, untuk syarat",
    "round.given": "jumlah penilaian yang masuk",
    "round.asked": "jumlah penelaah yang diminta",
    "round.quorum": "kuorum",
    "origin.number": "nomor inovasi asal",
    "origin.agency": "perangkat daerah asal inovasi",
    "seminar.title": "nama seminar",
    "seminar.day": "hari dan tanggal seminar",
    "seminar.line": "waktu dan tempat presentasi dalam satu baris",
    "seminar.facts": "waktu, tempat, dan ketua sidang, untuk kutipan",
    "seminar.programme": "presentasi yang diikuti penerima, untuk kutipan",
    "seminar.note": "catatan penyelenggara; kosong bila tidak ada",
    "seminar.url": "alamat halaman seminar, untuk tombol",
    "audience": "peran penerima, untuk syarat",
}
"""What a placeholder is filled in with."""


@dataclass(frozen=True)
class Words:
    """Subject and body of a mail, with placeholders."""

    subject: str
    body: str


@dataclass(frozen=True)
class Sample:
    """A mail written out for somebody, to look at."""

    to: str
    subject: str
    text: str
    html: str


class Wording(Protocol):
    """What the workers know of the words of mails."""

    def shipped(self, kind: str, locale: str, /) -> Words:
        """The words as they came with the system."""
        ...

    def names(self, kind: str, /) -> Sequence[str]:
        """The placeholders that a mail may use."""
        ...

    def check(self, kind: str, locale: str, words: Words, /) -> list[Problem]:
        """What is wrong with words, each at its field and line; none where they can be sent."""
        ...

    def sample(
        self, session: Session, kind: str, locale: str, words: Words, case: Case | None, audience: str, /
    ) -> Sample:
        """The mail as somebody of an audience would get it about a case, or about an invented one."""
        ...


class _NoWording:
    """Where no workers' side was handed over: nothing is known, so nothing can be changed."""

    def shipped(self, _kind: str, _locale: str) -> Words:
        return Words("", "")

    def names(self, _kind: str) -> Sequence[str]:
        return ()

    def check(self, _kind: str, _locale: str, _words: Words) -> list[Problem]:
        return [Problem("/body", "Teks surel tidak dapat diperiksa di sini.")]

    def sample(
        self,
        _session: Session,
        _kind: str,
        _locale: str,
        words: Words,
        _case: Case | None,
        _audience: str,
    ) -> Sample:
        return Sample("", words.subject, words.body, "")


NO_WORDING: Wording = _NoWording()


def standing(session: Session, kind: str, locale: str) -> MailText | None:
    """The newest version of a mail's words; None, or one without words, where the shipped text is sent."""
    query = select(MailText).where(MailText.kind == kind, MailText.locale == locale)
    return session.scalars(query.order_by(MailText.version.desc()).limit(1)).unique().one_or_none()


def words_of(row: MailText | None) -> Words | None:
    """The words of a version; None where it is the shipped text."""
    if row is None or row.subject is None or row.body is None:
        return None
    return Words(row.subject, row.body)


def history(session: Session, kind: str, locale: str) -> list[MailText]:
    """Every version, newest first."""
    query = select(MailText).where(MailText.kind == kind, MailText.locale == locale)
    return list(session.scalars(query.order_by(MailText.version.desc())).unique())


def all_standing(session: Session) -> dict[tuple[str, str], MailText]:
    """The newest version of every mail that was ever changed, by kind and language."""
    rows = session.scalars(select(MailText).order_by(MailText.version)).unique()
    return {(row.kind, row.locale): row for row in rows}


def faulty(session: Session) -> list[MailText]:
    """Those that stand but could not be used: the shipped text went out instead."""
    return [row for row in all_standing(session).values() if row.fault_at is not None]


def note_fault(session: Session, row_id: int, fault: str, now: datetime) -> None:
    session.execute(update(MailText).where(MailText.id == row_id).values(fault=fault[:1000], fault_at=now))
