"""A certificate on paper, A4 landscape, whose QR code leads to the public record."""

import io
from datetime import UTC, datetime, time

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage
from sqlalchemy.orm import Session

from workflow.certificates import Certificate
from workflow.dates import long_date
from workflow.exports.document import letterhead
from workflow.exports.paper import set_in

NOTES = (
    "Diterbitkan registri inovasi Kabupaten Sragen; bukan penghargaan atau nilai Kementerian Dalam Negeri.",
    "Dicetak oleh sistem, tanpa tanda tangan. Keasliannya terbukti bila kode QR membuka halaman registri",
    "yang memuat nomor, judul, perangkat daerah, dan tanggal yang sama.",
)
QUIET_ZONE = 2


def paper(session: Session, certificate: Certificate, address: str) -> bytes:
    """The PDF. The same certificate at the same address gives the same bytes."""
    record = f"{address}/registri/{certificate.number}"
    said = {
        "letterhead": letterhead(session),
        "title": certificate.title,
        "number": certificate.number,
        "innovation": certificate.innovation,
        "agency": certificate.agency,
        "text": certificate.text,
        "date": long_date(certificate.given_on),
        "notes": NOTES,
        "address": record.partition("://")[2],
        "qr": _code(record),
    }
    dated = datetime.combine(certificate.given_on, time(), UTC)
    return set_in("certificate", said, dated)


def _code(address: str) -> str:
    """The address as a QR code, in SVG."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(address)
    made = io.BytesIO()
    code.make_image(image_factory=SvgPathImage).save(made)
    return made.getvalue().decode()
