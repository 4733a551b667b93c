"""The short form of every scenario: a second of fault under load, on stands that are started once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.faults.groups import GROUPS, Group
from tests.faults.scenario import SHORT, play


@pytest.fixture(scope="module")
def stand_of() -> Iterator[Callable[[Group], Any]]:
    """Starts the stand of a group when it is first asked for; one stands at a time."""
    with ExitStack() as stack:
        held: dict[str, Any] = {}

        def find(group: Group) -> Any:  # noqa: ANN401 - each group has a stand of its own kind
            if group.name not in held:
                stack.close()
                held.clear()
                held[group.name] = stack.enter_context(group.stand(None))
            return held[group.name]

        yield find


@pytest.mark.parametrize(
    ("group", "bundle"), [pytest.param(group, name, id=name) for group in GROUPS for name in group.bundles]
)
def test_nothing_is_lost_doubled_or_altered(
    group: Group, bundle: str, stand_of: Callable[[Group], Any]
) -> None:
    """Every scenario in its short form; `python -m tests.faults --short --only NAME` plays one alone."""
    if reason := group.unable():
        pytest.skip(reason)
    row = play(stand_of(group), group.bundles[bundle], SHORT)
    if row.skipped:
        pytest.skip(row.skipped)

    assert not row.faults, "\n".join(row.faults)
    assert row.acknowledged > 0
