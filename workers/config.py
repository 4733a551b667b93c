"""Celery as this system needs it: a carrier of ids. Durability, retries and time belong to the database.

Each line is there for a failure that was seen or reported; `docs/decisions.md` has the longer story.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from celery.schedules import schedule
from kombu import Queue

from workflow.settings import Settings

EVENTS, MAIL, BULK, WEBHOOKS = "events", "mail", "bulk", "webhooks"
QUEUES = (EVENTS, MAIL, BULK, WEBHOOKS)
HANDLE, DELIVER, TELL, SCAN, ANCHOR, VERIFY, CHECK, LINKS = (
    "workers.tasks.handle",
    "workers.tasks.deliver",
    "workers.tasks.tell_webhook",
    "workers.tasks.scan_deadlines",
    "workers.tasks.anchor_chain",
    "workers.tasks.verify_chain",
    "workers.tasks.check_files",
    "workers.tasks.check_links",
)
LONGEST_VERIFICATION, LONGEST_CHECK = 3600, 300

REDIS_OPTIONS = {
    "global_keyprefix": "loncatan:",  # never share keys with another application
    "visibility_timeout": 300,  # more than twice the time limit: own run plus one prefetched wait
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 2,  # without it a frozen Redis blocks its caller for ever
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,  # drops a half-open connection after about 20 s
    "retry_on_timeout": False,  # no blind second push
    "max_retries": 0,  # the publisher's own connect loop would take 6 s
}
SCAN_SECONDS, ANCHOR_SECONDS, VERIFY_SECONDS, CHECK_SECONDS = 15.0, 60.0, 300.0, 60.0
MEMORY_OPTIONS = {"polling_interval": 0.01}  # the default of 1 s is the whole latency


def steady() -> datetime:
    """A time that never jumps, for beat: on the wall clock it would stand still after a jump back."""
    return datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=time.monotonic())


def celery_config(settings: Settings) -> dict[str, Any]:
    """The whole configuration, for worker, beat, relay and bell alike."""
    return {
        "broker_url": settings.broker_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # a worker never gives up on its broker
        "broker_connection_timeout": 2,
        "broker_pool_limit": 10,
        "broker_pool_acquire_timeout": 2,  # None would wait for ever on an empty pool
        "broker_transport_options": MEMORY_OPTIONS if settings.embedded else REDIS_OPTIONS,
        "task_publish_retry": False,  # the relay is the retry
        "task_ignore_result": True,
        "result_backend": None,
        "task_serializer": "json",
        "accept_content": ["json"],  # a message must not be able to run code
        "task_acks_late": True,
        "task_reject_on_worker_lost": False,  # a poison message must not loop; the row counts attempts
        "task_acks_on_failure": True,
        "task_acks_on_timeout": True,
        "task_time_limit": None if settings.embedded else 60,  # threads cannot be killed
        "task_default_queue": EVENTS,
        "task_queues": [Queue(name, routing_key=name) for name in QUEUES],
        "task_routes": {  # a slow mail server or receiver stops no transition
            DELIVER: {"queue": MAIL},
            TELL: {"queue": WEBHOOKS},
            LINKS: {"queue": WEBHOOKS},
        },
        "task_create_missing_queues": False,
        "worker_prefetch_multiplier": 16 if settings.embedded else 1,
        "worker_max_tasks_per_child": None if settings.embedded else 1000,
        "worker_max_memory_per_child": None if settings.embedded else 300_000,
        "worker_eta_task_limit": 100,
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # it would make doubles
        "worker_soft_shutdown_timeout": 10,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_proc_alive_timeout": 15,
        "beat_scheduler": "celery.beat:Scheduler",  # in memory: no shelve file to break
        "beat_max_loop_interval": 5,
        "beat_schedule": {
            "scan-deadlines": _tick(SCAN, SCAN_SECONDS, EVENTS),
            "anchor-chain": _tick(ANCHOR, ANCHOR_SECONDS, EVENTS),
            "verify-chain": _tick(VERIFY, VERIFY_SECONDS, BULK),
            "check-links": _tick(LINKS, CHECK_SECONDS, WEBHOOKS),
            "check-files": _tick(CHECK, CHECK_SECONDS, BULK),
        },
        "enable_utc": True,
        "timezone": "UTC",
    }


def _tick(task: str, seconds: float, queue: str) -> dict[str, Any]:
    """No `expires`: it compares two hosts' clocks, and a worker ahead would drop every tick."""
    return {"task": task, "schedule": schedule(seconds, nowfun=steady), "options": {"queue": queue}}
