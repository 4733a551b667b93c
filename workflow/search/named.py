"""Search among innovations that everybody may know of: by title, agency and number, never by people."""

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from workflow.models import Agency, Case
from workflow.search.match import index_of
from workflow.search.terms import terms
from workflow.validation import storable


def named(session: Session, q: str) -> ColumnElement[bool] | None:
    """Innovations whose title has all the words, by the index, or whose agency has; None without words.

    Not the covers that the index also holds: they name people, whom a hit would give away.
    """
    asked = terms(q) if storable(q) else []
    if not asked:
        return None
    of_agency = and_(
        *(
            or_(
                Agency.name.icontains(word, autoescape=True),
                Agency.short_name.icontains(word, autoescape=True),
            )
            for word in q.split()
        )
    )
    return or_(
        index_of(session).in_title(asked),
        Case.agency_id.in_(select(Agency.id).where(of_agency)),
        Case.number == q.strip().upper(),
    )
