"""Addresses that nobody outside can open, told by their form alone; nothing is fetched."""

import ipaddress
import re
from urllib.parse import urlsplit

INSIDE = (".local", ".localhost", ".internal", ".lan", ".intranet", ".home", ".corp")
OWN = re.compile(
    r"^(drive\.google\.com/(drive/(u/\d+/)?(my-drive|recent|home|shared-with-me))"
    r"|studio\.youtube\.com/"
    r"|(www\.)?youtube\.com/(feed|playlist\?list=(WL|LL))"
    r"|mail\.google\.com/"
    r"|photos\.google\.com/(photo|album)/)"
)
"""Pages that show each person what is theirs: never the same to anybody else."""


def closed(link: str) -> str | None:
    """Why an assessor could not open it, and what to do; None where its form says nothing against it."""
    parts = urlsplit(link)
    host = (parts.hostname or "").rstrip(".").lower()
    if parts.username is not None:
        return "Tautan memuat nama pengguna atau kata sandi; pakai tautan berbagi tanpa itu."
    if _inside(host):
        return f"{host} hanya dapat dibuka dari jaringan dalam; unggah ke tempat yang terbuka bagi penilai."
    address = host + parts.path + (f"?{parts.query}" if parts.query else "")
    if OWN.match(address):
        return "Halaman ini hanya terbuka bagi pemilik akunnya; pakai tautan dari tombol Bagikan."
    return None


def _inside(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(INSIDE)
