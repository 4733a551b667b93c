"""What can go wrong in the domain, said in Indonesian; HTTP learns of it in one place."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One fault of a document: where (a JSON pointer, empty for the whole) and what to do about it."""

    pointer: str
    message: str


@dataclass(frozen=True)
class Reason:
    """One unmet condition of a step: which guard, its present value in words, and where it is mended.

    `fix` names a transition of the case that would satisfy the guard, or a page ("people", "reviewers").
    """

    guard: str
    message: str
    fix: str | None = None


class DomainError(Exception):
    """Everything a person may run into; never a bug of ours."""

    message = "Permintaan tidak dapat dipenuhi."

    def __str__(self) -> str:
        return self.message


class NotFound(DomainError):
    """No such thing, or none that this person may know of."""

    message = "Data tidak ditemukan, atau Anda tidak memiliki akses."


class Forbidden(DomainError):
    """The person may see the case but holds none of the roles that may do this."""

    def __init__(self, message: str = "Anda tidak memiliki peran untuk tindakan ini.") -> None:
        self.message = message


@dataclass
class Refused(DomainError):
    """The step exists, but conditions are unmet; carries all of them."""

    reasons: list[Reason]

    @property
    def message(self) -> str:  # type: ignore[override]
        return " ".join(reason.message for reason in self.reasons)


@dataclass
class Invalid(DomainError):
    """The document breaks its schema; carries every problem at once."""

    problems: list[Problem]
    values: dict[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:  # type: ignore[override]
        return f"Ada {len(self.problems)} isian yang perlu diperbaiki."


@dataclass
class Stale(DomainError):
    """Somebody else was faster: the version named is no longer the present one."""

    expected: str
    current: str

    message = "Usulan ini sudah berubah sejak Anda membukanya. Muat ulang, lalu periksa kembali."
