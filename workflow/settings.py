"""Every environment variable, read once into one frozen record."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from workflow.addresses import Network, networks
from workflow.errors import DomainError

TRUE, FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}
MIN_SECRET = 32


class WrongSettings(DomainError):
    """The environment does not describe a system that could run; names every fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        self.message = "Pengaturan keliru:\n" + "\n".join(f"  - {fault}" for fault in faults)


def _setting(doc: str, default: Any) -> Any:  # noqa: ANN401 - dataclass fields are untyped
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True)
class Settings:
    """How this process runs. The defaults are the embedded profile: one process, files in `var/`."""

    var: Path = _setting("Folder for the database, evidence and secrets of the embedded profile", Path("var"))
    database_url: str = _setting("SQLAlchemy URL; empty: SQLite in VAR", "")
    broker_url: str = _setting("memory:// (embedded) or redis://host:port/db", "memory://localhost")
    evidence_url: str = _setting(
        "Where files go: file:///path or s3://bucket/prefix?endpoint=…&region=…; empty: VAR/evidence",
        "",
    )
    smtp_url: str = _setting(
        "smtp[s]://user:password@host:port; empty: the built-in mailbox in demo mode, else mails wait",
        "",
    )
    mail_from: str = _setting("Sender of all mails", "Inovasi Sragen <inovasi@sragenkab.invalid>")
    secret_key: str = _setting("Signs sessions, at least 32 characters; embedded: made once in VAR", "")
    base_url: str = _setting("Public address, for links in mails; empty: http://127.0.0.1:PORT", "")
    host: str = _setting("Address to listen on", "127.0.0.1")
    port: int = _setting("Port to listen on", 8000)
    proxies: int = _setting(
        "How many reverse proxies in front append to X-Forwarded-For and X-Forwarded-Proto; 0: none", 0
    )
    demo: bool = _setting("Demo mode: invented people, one-click sign-in, a movable clock", default=False)
    anchor_folder: str = _setting("Where the chain's daily anchors are filed; empty: VAR/anchors", "")
    anchor_key: str = _setting("Key that signs anchors, made on first use; empty: VAR/anchor_key.pem", "")
    clamd_url: str = _setting(
        "Malware scanner, tcp://host:3310 or unix:///path of clamd; empty: files are not scanned", ""
    )
    operator_email: str = _setting("Who gets the system's own mails; empty: all with the role admin", "")
    digest_hour: int = _setting("Hour (WIB) of a working day at which the daily digest of mails leaves", 7)
    alarm_smtp_url: str = _setting("A second mail server for alarms alone; empty: SMTP_URL", "")
    webhook_private: str = _setting(
        "Networks (CIDR, comma between) where webhooks may go though they are private, also by http", ""
    )
    metrics_port: int = _setting("Port on which a worker's relay shows its meters; 0: none", 0)
    prometheus_multiproc_dir: str = _setting("Folder where processes of one machine share meters", "")
    log_level: str = _setting("DEBUG, INFO, WARNING or ERROR", "INFO")

    @classmethod
    def variables(cls) -> dict[str, str]:
        """Name of each environment variable and what it means."""
        return {f.name.upper(): f.metadata["doc"] for f in fields(cls)}

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read the environment; an empty value counts as unset.

        Raises WrongSettings with every fault at once.
        """
        faults: list[str] = []
        values: dict[str, Any] = {}
        for f in fields(cls):
            text = env.get(f.name.upper(), "").strip()
            if text:
                try:
                    values[f.name] = _parse(f.default, text)
                except ValueError as fault:
                    faults.append(f"{f.name.upper()}={text!r}: {fault}")
        settings = cls(**values)
        faults += settings.faults()
        if faults:
            raise WrongSettings(faults)
        return settings

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a process that this one starts."""
        values = {f.name.upper(): getattr(self, f.name) for f in fields(self)}
        return {name: str(int(v)) if isinstance(v, bool) else str(v) for name, v in values.items()}

    def faults(self) -> list[str]:
        """What contradicts itself, in words for the operator."""
        found = self._address_faults()
        if self.broker_scheme not in {"memory", "redis", "rediss", "unix"}:
            found.append(f"BROKER_URL: tidak mengenal {self.broker_scheme}://, pakai memory:// atau redis://")
        if not self.database.startswith(("sqlite:", "postgresql")):
            found.append("DATABASE_URL: hanya sqlite:// dan postgresql:// yang didukung")
        if self.secret_key and len(self.secret_key) < MIN_SECRET:
            found.append(f"SECRET_KEY: minimal {MIN_SECRET} karakter")
        if not self.embedded and not self.secret_key:
            found.append("SECRET_KEY: wajib diisi bila BROKER_URL bukan memory://")
        if not self.embedded and self.database.startswith("sqlite:"):
            found.append("DATABASE_URL: SQLite hanya untuk satu proses; pakai postgresql:// bersama Redis")
        if self.proxies < 0:
            found.append("PROXIES: pakai 0 atau jumlah proksi di depan")
        if self.digest_hour not in range(24):
            found.append("DIGEST_HOUR: pakai jam 0 sampai 23")
        if self.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            found.append("LOG_LEVEL: pakai DEBUG, INFO, WARNING atau ERROR")
        return found

    def _address_faults(self) -> list[str]:
        found = [
            f"{name}: pakai smtp://host:port atau smtps://host:port"
            for name, url in (("SMTP_URL", self.smtp_url), ("ALARM_SMTP_URL", self.alarm_smtp_url))
            if url and urlsplit(url).scheme not in {"smtp", "smtps"}
        ]
        scanner = urlsplit(self.clamd_url)
        if self.clamd_url and not (
            (scanner.scheme == "tcp" and scanner.hostname) or (scanner.scheme == "unix" and scanner.path)
        ):
            found.append("CLAMD_URL: pakai tcp://host:3310 atau unix:///jalur/clamd.sock")
        where = urlsplit(self.evidence_url)
        if self.evidence_url and where.scheme not in {"file", "s3"}:
            found.append("EVIDENCE_URL: pakai file:///folder atau s3://bucket?endpoint=…")
        if where.scheme == "s3" and not where.netloc:
            found.append("EVIDENCE_URL: sebutkan nama bucket, seperti s3://loncatan?endpoint=…")
        try:
            networks(self.webhook_private)
        except ValueError as fault:
            found.append(f"WEBHOOK_PRIVATE: {fault}; pakai misalnya 10.0.0.0/8,192.168.1.5/32")
        return found

    @property
    def broker_scheme(self) -> str:
        return urlsplit(self.broker_url).scheme

    @property
    def embedded(self) -> bool:
        """One process with the broker inside it."""
        return self.broker_scheme == "memory"

    @property
    def database(self) -> str:
        if not self.database_url:
            return f"sqlite:///{self.var / 'loncatan.db'}"
        return self.database_url.replace("postgres://", "postgresql://").replace(
            "postgresql://", "postgresql+psycopg://"
        )

    @property
    def evidence(self) -> Path:
        """The folder of the evidence; with a bucket, that of files on their way to or from it."""
        where = urlsplit(self.evidence_url)
        return Path(where.path) if where.scheme == "file" else self.var / "evidence"

    @property
    def anchors(self) -> Path:
        return Path(self.anchor_folder) if self.anchor_folder else self.var / "anchors"

    @property
    def signing_key(self) -> Path:
        return Path(self.anchor_key) if self.anchor_key else self.var / "anchor_key.pem"

    @property
    def webhook_networks(self) -> tuple[Network, ...]:
        return networks(self.webhook_private)

    @property
    def address(self) -> str:
        return (self.base_url or f"http://127.0.0.1:{self.port}").rstrip("/")


def _parse(default: object, text: str) -> Any:  # noqa: ANN401 - one reader for four types
    if default is MISSING or isinstance(default, str):
        return text
    if isinstance(default, bool):
        return _parse_bool(text)
    if isinstance(default, int):
        return int(text)
    return Path(text)


def _parse_bool(text: str) -> bool:
    if text.lower() in TRUE:
        return True
    if text.lower() in FALSE:
        return False
    raise ValueError("pakai 1 atau 0")
