"""The floors: the least that a service of this kind must do, from the same parts."""

import os

from celery import Celery
from flask import Flask, request
from sqlalchemy import create_engine, text

INSERT = text("INSERT INTO floor (body) VALUES (:body) RETURNING id")

celery = Celery("floor", broker=os.environ.get("BROKER_URL"))
celery.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1, task_acks_late=True)


@celery.task
def nothing(_number: int) -> None:
    """The least a task can do."""


def make_web() -> Flask:
    """One route, one INSERT, one answer."""
    web = Flask("floor")
    engine = create_engine(os.environ["DATABASE_URL"])

    @web.post("/")
    def insert() -> tuple[dict[str, int], int]:
        with engine.begin() as connection:
            number = connection.scalar(INSERT, {"body": request.get_data(as_text=True)})
        return {"id": int(number or 0)}, 201

    return web
