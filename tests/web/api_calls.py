"""What tests of the API begin with: a proposal, its way to the seminar, and what an answer must be."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event as sql
from werkzeug.test import TestResponse, encode_multipart

from tests.web.conftest import Call
from workflow import commands, validation
from workflow.db import Database
from workflow.ledger import Actor
from workflow.samples import sample

COVER = {
    "title": "SIAGA POSYANDU: gizi balita",
    "category": "digital",
    "agency": "puskesmas-tanon-1",
    "cohort": "pkp-iv-2022",
    "mentor": "budi@contoh.invalid",
}
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452") + b"\0" * 40
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + b"\0" * 40
FIRST = "/proposals/INV-2022-0001"
ANY = {"If-Match": "*"}
As = Callable[[Any, str], Actor]
sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def begin(call: Call, **changes: object) -> TestResponse:
    return call("ani", "post", "/proposals", json=COVER | changes)


def body(response: TestResponse, status: int = 200) -> Any:  # noqa: ANN401
    """The JSON of an answer that holds to its schema in the description."""
    assert response.status_code == status, response.text
    return response.json


def problem(response: TestResponse, status: int) -> Any:  # noqa: ANN401
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    assert validation.problems("problem", response.json) == []
    return response.json


def pointers(response: TestResponse, status: int = 422) -> set[str]:
    return {e["pointer"] for e in problem(response, status)["errors"]}


def submit(call: Call, number: str = "INV-2022-0001") -> TestResponse:
    path = f"/proposals/{number}/transitions/submit"
    return call("ani", "post", path, ANY, json={"form": sample("change_plan")})


def in_seminar(call: Call, database: Database, as_: As) -> None:
    """The case stands in its design seminar, with three reviewers."""
    begin(call)
    submit(call)
    call("budi", "post", f"{FIRST}/transitions/approve", ANY, json={})
    for reviewer in ("rudi", "sri", "tono"):
        with database.write() as session:
            who = as_(session, "endah")
            commands.assign_reviewer(session, who, "INV-2022-0001", f"{reviewer}@contoh.invalid")


def review(call: Call, who: str, points: float = 80) -> TestResponse:
    document = sample("design_seminar_review")
    document["scores"] = dict.fromkeys(document["scores"], points)
    return call(who, "post", f"{FIRST}/reviews", json=document)


@contextmanager
def counted(database: Database):  # type: ignore[no-untyped-def]  # noqa: ANN201
    """Every statement of the block, BEGIN and COMMIT aside."""
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            seen.append(statement)

    sql.listen(database.engine, "before_cursor_execute", note)
    yield seen
    sql.remove(database.engine, "before_cursor_execute", note)


def multipart(fields: dict[str, Any]) -> dict[str, Any]:
    """In memory: the test client's own temporary files are left to the garbage collector."""
    boundary, data = encode_multipart(fields)
    return {"data": data, "content_type": f"multipart/form-data; boundary={boundary}"}
