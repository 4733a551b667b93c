"""How deep the broker's queues are, asked of a real one."""

from pathlib import Path

import pytest
from redis.exceptions import RedisError

from tests.servers import free_port, redis
from workers.app import make_app
from workers.bell import publish
from workers.probe import Depths
from workflow.settings import Settings


def settings(var: Path, broker: str) -> Settings:
    return Settings(var=var, broker_url=broker, secret_key="k" * 40, database_url="postgresql://nowhere/x")


def test_it_counts_the_messages_of_each_queue_and_knows_the_empty_ones(tmp_path: Path) -> None:
    with redis() as broker:
        app = make_app(settings(tmp_path, broker))
        before = Depths(app)()
        publish(app, [("email", 1), ("email", 2), ("job", 3)])
        after = Depths(app)()

    assert before == {"events": 0, "mail": 0, "bulk": 0, "webhooks": 0}
    assert after == {"events": 1, "mail": 2, "bulk": 0, "webhooks": 0}


def test_it_says_that_there_is_no_broker(tmp_path: Path) -> None:
    app = make_app(settings(tmp_path, f"redis://127.0.0.1:{free_port()}/0"))

    with pytest.raises(RedisError):
        Depths(app)()
