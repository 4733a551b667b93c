"""What a person waits for: sending a form, a list, and the check of a form."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from flask.testing import FlaskClient

from tests.bench import office
from tests.bench.figures import Figure, at_most, milliseconds, percentile
from web import create_app
from workflow.clock import system_clock
from workflow.db import Database
from workflow.samples import sample
from workflow.settings import Settings
from workflow.validation import problems

SUBMISSIONS, LISTS, CHECKS, WARM = 60, 40, 200, 5
FEW, MANY = 300, 10_000


def measure() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(var=Path(folder), secret_key="t" * 40, demo=True)
        database = Database(settings.database)
        office.furnish(database)
        app = create_app(replace(settings), database, system_clock)
        yield from _submission(app.test_client(), database)
        yield from _lists(app.test_client(), database)
        yield _check()
        database.dispose()


def _submission(client: FlaskClient, database: Database) -> Iterator[Figure]:
    """Open the page that checks everything, then press the button."""
    numbers = office.complete_drafts(database, SUBMISSIONS + WARM)
    sign_in(client, office.PROPOSER)
    for number in numbers[:WARM]:
        _submit(client, number)
    times = [milliseconds(partial(_submit, client, number)) for number in numbers[WARM:-1]]
    with office.statements(database) as seen:
        _submit(client, numbers[-1])
    yield at_most("submit by web form, page and button, p50", percentile(times, 0.5), 20)
    yield Figure("submit by web form, statements", str(len(seen)), "≤ 15", len(seen) <= 15)


def _submit(client: FlaskClient, number: str) -> None:
    path = f"/usulan/{number}/langkah/propose"
    hidden = _hidden(client.get(f"{path}?bagian=periksa").text)
    answer = client.post(path, data={**hidden, "_action": "submit"})
    if answer.status_code != 302:
        raise AssertionError(answer.text)


def _lists(client: FlaskClient, database: Database) -> Iterator[Figure]:
    sign_in(client, office.COORDINATOR)
    medians, counts = [], []
    for total in (FEW, MANY):
        office.fill(database, total)
        client.get("/usulan")
        medians.append(percentile([milliseconds(partial(client.get, "/usulan")) for _ in range(LISTS)], 0.5))
        with office.statements(database) as seen:
            client.get("/usulan")
        counts.append(len(seen))
    yield at_most(f"list of 50 among {FEW} as coordinator, p50", medians[0], 35)
    yield at_most(f"list of 50 among {MANY} as coordinator, p50", medians[1], 35)
    same = counts[0] == counts[1] <= 8
    yield Figure("list, statements at both sizes", f"{counts[0]}, {counts[1]}", "≤ 8, the same", same)


def _check() -> Figure:
    document = sample("change_plan")
    times = [milliseconds(partial(problems, "change_plan", document)) for _ in range(CHECKS)]
    return at_most("check of a full form, p50", percentile(times, 0.5), 2)


def sign_in(client: FlaskClient, email: str) -> None:
    answer = client.post("/demo/masuk", data={**_hidden(client.get("/proses").text), "email": email})
    if answer.status_code != 302:
        raise AssertionError(answer.text)


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
