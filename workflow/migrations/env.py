"""Alembic's entry: runs on the connection that `workflow.migrations` hands over."""

from typing import Any, Literal

from alembic import context

from workflow.db import CanonicalJson, UtcDateTime
from workflow.models import Base


def render(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:  # noqa: ANN401 - Alembic's hook is untyped
    if kind == "type" and isinstance(item, UtcDateTime | CanonicalJson):
        return f"{type(item).__name__}()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_item=render,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
