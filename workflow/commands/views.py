"""Lists that people keep. They belong to no case, so no event tells of them."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow import policy
from workflow.errors import Forbidden, Invalid, NotFound, Problem
from workflow.ledger import Actor
from workflow.models import View
from workflow.validation import storable

MOST_VIEWS = 50
LONGEST_NAME = 80


def keep_view(
    session: Session, actor: Actor, name: str, query: str, columns: str, sort: str, *, shared: bool
) -> View:
    """Keep a list under a name; a list of the same name is replaced. Raises Invalid or Forbidden."""
    if actor.user is None or (shared and not policy.may_share_views(actor.user)):
        raise Forbidden
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or not storable(name):
        raise Invalid([Problem("/name", f"Beri nama, paling panjang {LONGEST_NAME} huruf.")])
    named = select(View).where(View.owner_id == actor.user.id, View.name == name)
    held = session.scalars(named).unique().one_or_none()
    if held is None:
        count = session.scalar(select(func.count()).where(View.owner_id == actor.user.id)) or 0
        if count >= MOST_VIEWS:
            raise Invalid([Problem("/name", f"Paling banyak {MOST_VIEWS} daftar; hapus salah satu.")])
        held = View(owner_id=actor.user.id, name=name, created_at=actor.at)
        session.add(held)
    held.query, held.columns, held.sort, held.shared = query[:400], columns, sort, shared
    session.flush()
    return held


def drop_view(session: Session, actor: Actor, view_id: int) -> None:
    """Raises NotFound for a list that is not one's own."""
    held = session.get(View, view_id)
    if held is None or actor.user is None or held.owner_id != actor.user.id:
        raise NotFound
    session.delete(held)
