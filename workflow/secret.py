"""The installation's own secret."""

import os
import secrets

from workflow.settings import Settings


def secret_of(settings: Settings) -> str:
    """SECRET_KEY, or what was made once in VAR, readable by its owner alone."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.var / "secret_key"
    settings.var.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii").strip()
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_urlsafe(48)
        file.write(secret)
    return secret
