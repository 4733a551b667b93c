"""Agencies and the people who work there."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from workflow.db import CanonicalJson
from workflow.models.base import Base


class Agency(Base):
    """An organisation that holds innovations: OPD, Bagian, Kecamatan, Puskesmas, RSUD, school, village, BUMD.

    Names change with every reorganisation (SOTK): `aliases` keeps what it was called before or since,
    `valid_from` and `valid_to` bound the years in which it exists. `path` lists the codes from the root.
    `contact` is public: address, phone and email of the office (schema `agency_contact`).
    """

    __tablename__ = "agencies"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    short_name: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"))
    path: Mapped[str] = mapped_column(String(300), index=True)
    aliases: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    contact: Mapped[dict[str, str]] = mapped_column(CanonicalJson, default=dict)

    parent: Mapped["Agency | None"] = relationship(remote_side=[id])

    @property
    def long_name(self) -> str:
        """With the parent where the name alone would not say enough."""
        return self.name

    @property
    def department(self) -> str:
        """The code of the Perangkat Daerah that a Puskesmas, school or Bagian belongs to."""
        return self.path.strip("/").partition("/")[0]


class User(Base):
    """A person who can sign in. `expires_at` ends the access of an external reviewer.

    A session carries `fs_uniquifier`: another value ends all of them. The secret of the second factor and
    its recovery codes are encrypted; `tf_last_counter` is the time step of the last code, good for once.
    `expertise` is {"affairs": [urusan], "categories": [category]}; `former_posts` a list of
    {"agency": code, "until": ISO date}: where the person worked before.
    """

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    position: Mapped[str] = mapped_column(String(160), default="")
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agencies.id"), index=True)
    heads_agency: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str] = mapped_column(String(5), default="id")
    nip_sealed: Mapped[str | None] = mapped_column(String(255))
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    confirmed_at: Mapped[datetime | None]
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_phone_number: Mapped[str | None] = mapped_column(String(128))
    tf_last_counter: Mapped[int | None]
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(CanonicalJson)
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(String(64))
    expertise: Mapped[dict[str, list[str]]] = mapped_column(CanonicalJson, default=dict)
    former_posts: Mapped[list[dict[str, Any]]] = mapped_column(CanonicalJson, default=list)

    agency: Mapped[Agency | None] = relationship(lazy="joined")
    grants: Mapped[list["Grant"]] = relationship(lazy="joined", cascade="all, delete-orphan")

    @property
    def global_roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)


class Grant(Base):
    """A role that a person holds everywhere: coordinator, organiser, auditor, admin."""

    __tablename__ = "grants"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)


class MailChoice(Base):
    """How a person gets a group of mails, where not at once: `way` is daily or off."""

    __tablename__ = "mail_choices"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    mail_group: Mapped[str] = mapped_column(String(20), primary_key=True)
    way: Mapped[str] = mapped_column(String(10))
    since: Mapped[datetime]


class QuietHours(Base):
    """When a person gets no mail but those about the account: hours (WIB), and days off as a whole."""

    __tablename__ = "quiet_hours"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    starts: Mapped[time | None]
    ends: Mapped[time | None]
    days_off: Mapped[bool]
    since: Mapped[datetime]


class ApiToken(Base):
    """A bearer token; only its SHA-256 is kept. `scopes` is a space-separated list of read, write."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined")


class Passkey(Base):
    """A WebAuthn credential that a person signs in with; the names of the columns are Flask-Security's."""

    __tablename__ = "passkeys"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str] = mapped_column(String(64))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    transports: Mapped[list[str]] = mapped_column(CanonicalJson, default=list)
    extensions: Mapped[str | None] = mapped_column(String(255))
    usage: Mapped[str] = mapped_column(String(20))
    backup_state: Mapped[bool] = mapped_column(default=False)
    device_type: Mapped[str] = mapped_column(String(30))
    created_at: Mapped[datetime]
    lastuse_datetime: Mapped[datetime]


class SignIn(Base):
    """One thing that happened at the door: who (if known), what, when, from which network.

    Kept for a while and then deleted; no part of the record of any case.
    """

    __tablename__ = "sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(30))
    network: Mapped[str] = mapped_column(String(43))
    at: Mapped[datetime] = mapped_column(index=True)

    user: Mapped[User | None] = relationship()


Index("ix_sign_ins_of_user", SignIn.user_id, SignIn.id)
Index("uq_users_fs_webauthn_user_handle", User.fs_webauthn_user_handle, unique=True)


class Substitute(Base):
    """Who stands in for a reviewer from `starts_on` to `ends_on` (days in WIB, both included).

    `begun_at` is when the work already waiting was handed on; `ended_at` when somebody took it back early.
    """

    __tablename__ = "substitutes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    substitute_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    set_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    set_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="joined", foreign_keys=[user_id])
    substitute: Mapped[User] = relationship(lazy="joined", foreign_keys=[substitute_id])


Index("ix_users_heads", User.agency_id, User.heads_agency)
