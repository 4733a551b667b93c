"""A revision's checklist on the pages: requests at the fields, places to choose from, questions to answer."""

from collections.abc import Mapping
from dataclasses import replace

from web.forms import Field, Section
from web.language import say as _
from workflow import revision
from workflow.models import Case
from workflow.readable import Option


def at_fields(case: Case, form: str) -> dict[str, tuple[str, ...]]:
    """The open requests pinned to fields of a form."""
    found: dict[str, tuple[str, ...]] = {}
    for request in revision.unanswered(case):
        held, _, key = request.at.partition(".")
        if held == form:
            found[key] = (*found.get(key, ()), request.text)
    return found


def with_places(sections: list[Section], places: dict[str, str]) -> list[Section]:
    """The form of requests, with the places of this case to choose from."""

    def chosen(field: Field) -> Field:
        if not field.name.endswith("/at"):
            return field
        offered = [Option(code, words, "", code == field.value) for code, words in places.items()]
        return replace(field, help="", options=offered)

    return [
        replace(
            section,
            fields=[
                _table(f, [[chosen(c) for c in row] for row in f.items], [chosen(c) for c in f.item_template])
                for f in section.fields
            ],
        )
        for section in sections
    ]


def with_questions(
    sections: list[Section], case: Case, files: Mapping[str, str], locale: str
) -> list[Section]:
    """The form of answers: one row for each open request, which stands where its answer is given."""
    asked = {request.number: request for request in revision.unanswered(case)}

    def legend(fields: list[Field]) -> str:
        request = asked.get(fields[0].value)
        if request is None:
            return ""
        return _("Permintaan %(n)s: %(where)s", n=request.number, where=request.where(locale, files))

    def row(fields: list[Field]) -> list[Field]:
        number, outcome, *rest = fields
        request = asked.get(number.value)
        question = request.text if request else outcome.title
        return [replace(number, widget="hidden"), replace(outcome, title=question), *rest]

    return [
        replace(
            section,
            fields=[
                replace(
                    f,
                    items=[row(r) for r in f.items],
                    legends=[legend(r) for r in f.items],
                    item_template=[],
                    add_name=None,
                    remove_name=None,
                )
                for f in section.fields
            ],
        )
        for section in sections
    ]


def _table(field: Field, items: list[list[Field]], template: list[Field]) -> Field:
    return replace(field, items=items, item_template=template)
