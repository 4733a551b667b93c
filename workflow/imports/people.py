"""Whom a row means: an account by e-mail or by NIP, or somebody who needs one."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rapidfuzz import fuzz
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflow.imports.columns import plain
from workflow.models import Agency, User
from workflow.nip import Seal

SAME_NAME = 60


class Unknown(Exception):
    """Nobody can be made of what the row says; the message says what to add."""


@dataclass(frozen=True)
class Person:
    """What a row says about one person; `nip` in digits."""

    name: str
    email: str | None
    nip: str | None
    position: str = ""


@dataclass
class People:
    """The accounts that a chunk of rows may mean, and those made for it."""

    session: Session
    seal: Seal
    by_email: dict[str, User] = field(default_factory=dict)
    by_nip: dict[str, User] = field(default_factory=dict)
    made: list[User] = field(default_factory=list)

    @classmethod
    def of(cls, session: Session, seal: Seal, emails: Iterable[str], *, nips: bool) -> "People":
        """Those with one of these addresses; with `nips`, everybody whose NIP is known as well."""
        people = cls(session, seal)
        wanted = select(User).where(User.email.in_(sorted(set(emails))))
        people.by_email = {user.email: user for user in session.scalars(wanted).unique()}
        if nips:
            for user in session.scalars(select(User).where(User.nip_sealed.is_not(None))).unique():
                opened = seal.open(user.nip_sealed or "")
                if opened:
                    people.by_nip[opened] = user
        return people

    def find(self, person: Person) -> User | None:
        """The account of a person. Raises Unknown where address and NIP belong to different people."""
        by_email = self.by_email.get(person.email or "")
        by_nip = self.by_nip.get(person.nip or "")
        if by_email and by_nip and by_email is not by_nip:
            raise Unknown(
                f"Surel ini milik {by_email.name}, tetapi NIP-nya milik {by_nip.name}. Periksa keduanya."
            )
        found = by_email or by_nip
        if found is not None and not found.active:
            raise Unknown(f"Akun {found.email} dinonaktifkan. Minta admin mengaktifkannya.")
        return found

    def find_or_make(self, person: Person, agency: Agency, now: datetime) -> User:
        """The account of a person, made without a password where there is none."""
        user = self.find(person)
        if user is None:
            user = self._make(person, agency, now)
        if person.nip and not user.nip_sealed:
            user.nip_sealed = self.seal.seal(person.nip)
            self.by_nip[person.nip] = user
        return user

    def _make(self, person: Person, agency: Agency, now: datetime) -> User:
        if person.email is None:
            raise Unknown("Belum punya akun; tambahkan surelnya agar akun dapat dibuat.")
        user = User(
            email=person.email,
            name=person.name,
            position=person.position,
            agency=agency,
            heads_agency=False,
            active=True,
            locale="id",
            created_at=now,
            confirmed_at=now,
            fs_uniquifier=secrets.token_hex(32),
            grants=[],
        )
        self.session.add(user)
        self.by_email[person.email] = user
        self.made.append(user)
        return user


def other_name(user: User, name: str) -> str | None:
    """A remark where an account goes by quite another name."""
    alike = fuzz.token_set_ratio(plain(user.name), plain(name))
    return None if alike >= SAME_NAME else f"Akun {user.email} tercatat atas nama {user.name}."


def person_of(document: Mapping[str, str], prefix: str, seal: Seal) -> Person | None:
    """The participant (no prefix) or the mentor of a row; None where it names nobody."""
    sealed = document.get(f"{prefix}nip")
    found = Person(
        name=document.get(f"{prefix}name", ""),
        email=document.get(f"{prefix}email"),
        nip=seal.open(sealed) if sealed else None,
        position=document.get(f"{prefix}position", ""),
    )
    return found if found.name or found.email or found.nip else None
