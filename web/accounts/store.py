"""Flask-Security's view of our people: reads at once, writes in one short transaction."""

from typing import Any, ClassVar, cast

from flask import current_app
from flask_security import RoleMixin, UserMixin
from flask_security.datastore import UserDatastore
from sqlalchemy import delete, func, inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from workflow import policy
from workflow.clock import Clock
from workflow.db import Database
from workflow.errors import Reason, Refused
from workflow.models import Passkey, User


class Role(RoleMixin):  # type: ignore[misc, unused-ignore]
    """A global role as Flask-Security wants to see it."""

    def __init__(self, name: str) -> None:
        self.name = name


class Account(UserMixin, User):  # type: ignore[misc]
    """A person as Flask-Security wants to see one; the same rows as User."""

    clock: ClassVar[Clock]

    @property
    def roles(self) -> list[RoleMixin]:  # type: ignore[override]
        return [Role(name) for name in sorted(self.global_roles)]

    @property
    def is_active(self) -> bool:
        return policy.is_active(self, Account.clock())

    @property
    def webauthn(self) -> list[Passkey]:  # type: ignore[override]
        return datastore().passkeys_of(self.id)


class Datastore(UserDatastore):
    """Over the one database that the application was given."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(Account, Role, Passkey)  # type: ignore[arg-type]
        self._database, self._clock = database, clock

    def find_user(self, case_insensitive: bool = False, **query: Any) -> Account | None:  # noqa: ANN401, FBT001, FBT002
        """By one column. What a session, a link or a half sign-in names must be a person still let in."""
        name, value = query.popitem()
        column = getattr(Account, name)
        match = func.lower(column) == str(value).lower() if case_insensitive else column == value
        with self._database.read() as session:
            found = session.scalars(select(Account).where(match)).unique().one_or_none()
        return None if found and name == "fs_uniquifier" and not found.is_active else found

    def find_role(self, role: str) -> Role | None:
        return Role(role) if role in policy.GLOBAL_ROLES else None

    def put(self, model: Any) -> Any:  # noqa: ANN401 - an account, a passkey, or a proxy of one
        """Write what changed and nothing else: whatever happened meanwhile to the row stays."""
        row = _plain(model)
        kind = type(row)
        changed = {a.key: a.value for a in inspect(row).attrs if a.history.has_changes()}
        if changed:
            with self._database.write() as session:
                session.execute(update(kind).where(kind.id == row.id).values(changed))
            for name, value in changed.items():
                set_committed_value(row, name, value)
        return model

    def delete(self, model: Any) -> None:  # noqa: ANN401
        row = _plain(model)
        kind = type(row)
        with self._database.write() as session:
            session.execute(delete(kind).where(kind.id == row.id))

    def commit(self) -> None:
        """Every `put` has committed already."""

    def tf_reset(self, user: Any) -> None:  # noqa: ANN401
        """Without a second factor its recovery codes mean nothing."""
        user.mf_recovery_codes = None
        super().tf_reset(user)

    def mf_delete_recovery_code(self, user: Any, idx: int) -> bool:  # noqa: ANN401
        """Use up a code. Refused where somebody else has just done so."""
        account = _plain(user)
        code = account.mf_recovery_codes[idx]
        with self._database.write() as session:
            row = session.get_one(User, account.id, with_for_update={"of": User})
            left = [other for other in row.mf_recovery_codes or [] if other != code]
            if len(left) == len(row.mf_recovery_codes or []):
                raise Refused([Reason("code", "Kode pemulihan ini sudah dipakai.")])
            row.mf_recovery_codes = left
        set_committed_value(account, "mf_recovery_codes", left)
        return True

    def use_time_step(self, user_id: int, step: int) -> None:
        """A code of the second factor is good for once. Refused where its time step was used already."""
        unused = (User.tf_last_counter.is_(None)) | (User.tf_last_counter < step)
        with self._database.write() as session:
            used = session.execute(
                update(User).where(User.id == user_id, unused).values(tf_last_counter=step).returning(User.id)
            ).scalar()
        if used is None:
            raise Refused([Reason("code", "Kode ini sudah dipakai. Tunggu kode berikutnya.")])

    def passkeys_of(self, user_id: int) -> list[Passkey]:
        with self._database.read() as session:
            return list(
                session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id))
            )

    def find_webauthn(self, credential_id: bytes) -> Passkey | None:  # type: ignore[override]
        with self._database.read() as session:
            return session.scalars(
                select(Passkey).where(Passkey.credential_id == credential_id)
            ).one_or_none()

    def find_user_from_webauthn(self, webauthn: Any) -> Account | None:  # noqa: ANN401
        return self.find_user(id=webauthn.user_id)

    def create_webauthn(self, user: Any, **columns: Any) -> None:  # type: ignore[override]  # noqa: ANN401
        """Add a passkey. Refused where its name or the key itself has just been taken."""
        at = self._clock()
        try:
            with self._database.write() as session:
                session.add(Passkey(user_id=user.id, created_at=at, lastuse_datetime=at, **columns))
        except IntegrityError as taken:
            raise Refused([Reason("passkey", "Kunci sandi ini sudah terdaftar.")]) from taken


def datastore() -> Datastore:
    return cast("Datastore", current_app.extensions["security"].datastore)


def _plain(model: Any) -> Any:  # noqa: ANN401
    """The row itself where Flask-Login hands out a proxy of it."""
    return getattr(model, "_get_current_object", lambda: model)()
