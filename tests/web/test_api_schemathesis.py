"""Whatever is sent, the API answers as its description says, and never with a fault of its own."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.conftest import Call
from web.api import parameters
from web.api.operations import OPERATIONS
from workflow import validation
from workflow.samples import sample

NUMBER = "INV-2022-0001"
COVER = {
    "title": "SIAGA POSYANDU: gizi balita",
    "category": "digital",
    "agency": "puskesmas-tanon-1",
    "cohort": "pkp-iv-2022",
    "mentor": "budi@contoh.invalid",
}
NASTY: tuple[Any, ...] = (
    "\x00", "\ud800", "😀" * 300, "\u202e", "' OR 1=1 --", "%00", "../../etc/passwd", "",
    10**400, -(10**30), 1e308, -0.0, 2**63, True, None, [], [[[[[[[[[[]]]]]]]]]], {"a": {"b": {}}},
)  # fmt: skip
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def described(app: Flask, call: Call) -> Any:  # noqa: ANN401 - schemathesis' schema
    call("ani", "post", "/proposals", json=COVER)
    call(
        "ani",
        "post",
        f"/proposals/{NUMBER}/transitions/submit",
        {"If-Match": "*"},
        json={"form": sample("change_plan")},
    )
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.endpoint)
def test_every_operation_keeps_its_word(
    described: Any,  # noqa: ANN401
    token: Callable[..., str],
    operation: Any,  # noqa: ANN401
) -> None:
    found = described[operation.path][operation.method]
    bearers = [token("ani"), token("endah")]

    @settings(
        max_examples=15,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(one_of([found.as_strategy(mode) for mode in GenerationMode]))
    def ask(case: Any) -> None:  # noqa: ANN401
        for bearer in bearers:
            case.call_and_validate(headers={"Authorization": f"Bearer {bearer}"}, checks=CHECKS)
            if "number" in (case.path_parameters or {}):  # what is invented is mostly not found
                case.path_parameters["number"] = NUMBER

    ask()


@pytest.mark.parametrize("name", ["proposal_create", "draft", "transition", "review"])
def test_nasty_values_anywhere_are_refused_not_tripped_over(described: Any, call: Call, name: str) -> None:  # noqa: ANN401
    assert described is not None
    path, method, who = {
        "proposal_create": ("/proposals", "post", "ani"),
        "draft": (f"/proposals/{NUMBER}/draft", "put", "ani"),
        "transition": (f"/proposals/{NUMBER}/transitions/request_revision", "post", "budi"),
        "review": (f"/proposals/{NUMBER}/reviews", "post", "rudi"),
    }[name]
    for field in validation.schema(name)["properties"]:
        for value in NASTY:
            sent = json.dumps({field: value} | ({"form": {"x": value}} if field == "transition" else {}))
            answer = call(who, method, path, {"If-Match": "*"}, data=sent, content_type="application/json")
            assert answer.status_code < 500, (field, value, answer.text)
            if answer.status_code >= 400:
                assert validation.problems("problem", answer.json) == []


@pytest.mark.parametrize("value", ["\x00", "😀" * 300, "9" * 500, "' OR 1=1", "%", "\u202e", "[]"])
def test_nasty_parameters_too(described: Any, call: Call, value: str) -> None:  # noqa: ANN401
    assert described is not None
    for endpoint, path in (("api_proposals.index", "/proposals"), ("api_events.feed", "/events")):
        for name in parameters.of(endpoint):
            assert call("endah", "get", f"{path}?{urlencode({name: value})}").status_code in {200, 422}
    assert call("ani", "get", f"/proposals/{quote(value, safe='')}").status_code == 404
