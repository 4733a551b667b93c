"""NIP, the 18 digits of a civil servant: sealed at rest, never shown whole (UU 27/2022).

The first eight digits are the date of birth, so that only the last four are ever shown.
"""

import base64
import hashlib
import re

from cryptography.fernet import Fernet, InvalidToken

NIP = re.compile(r"(?<!\d)(\d{8})[\s.\-]?(\d{6})[\s.\-]?(\d)[\s.\-]?(\d{3})(?!\d)")
ROUNDED = re.compile(r"\d[.,]\d+E\+?17|\d{15}000", re.IGNORECASE)
"""What a spreadsheet makes of 18 digits that it takes for a number: the last three are gone."""


class Seal:
    """Seals and opens with a key that is derived from the installation's secret, one for each purpose."""

    def __init__(self, secret: str, purpose: str = "nip") -> None:
        key = hashlib.sha256(f"{purpose}:{secret}".encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """What was sealed, or None where it was sealed with another secret."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None


def find_nip(text: str) -> str | None:
    """The digits of the first NIP within a text."""
    found = NIP.search(text)
    return "".join(found.groups()) if found else None


def masked(nip: str) -> str:
    return f"•••• •••• •••• •• {nip[-4:]}"


def without_nips(text: str) -> str:
    """The text with every NIP in it masked."""
    return NIP.sub(lambda found: masked("".join(found.groups())), text)
