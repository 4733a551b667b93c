"""What the rows say about the system's health, for Prometheus; the same from every process."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflow import audit, delivery, file_check
from workflow.alarms import KINDS, kinds_open
from workflow.anchors import newest
from workflow.meters import Collector, CounterMetricFamily, GaugeMetricFamily, Metric
from workflow.models import Email, Job, Try, Verification

STATES = ("waiting", "done", "unknown", "parked", "dropped")


class Figures(Collector):
    """Read once when made, inside the session that is handed in."""

    def __init__(self, session: Session, now: datetime, depths: Mapping[str, int]) -> None:
        self._metrics = [
            *_duties(session, now),
            *_chain(session, now),
            *_files(session, now),
            *_queues(depths),
        ]
        unsolved = kinds_open(session)
        incidents = GaugeMetricFamily(
            "loncatan_incident_open", "1 while a person has to see to it", labels=["kind"]
        )
        for kind in KINDS:
            incidents.add_metric([kind], float(kind in unsolved))
        self._metrics.append(incidents)

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


def _duties(session: Session, now: datetime) -> Iterator[Metric]:
    for kind, summary in (("job", delivery.jobs(session)), ("email", delivery.mails(session))):
        for state in STATES:
            name = f"loncatan_{kind}s_{state}"
            yield GaugeMetricFamily(name, f"{kind}s that are {state}", getattr(summary, state))
        age = max((now - summary.oldest).total_seconds(), 0.0) if summary.oldest else 0.0
        yield GaugeMetricFamily(
            f"loncatan_{kind}s_oldest_waiting_seconds", "age of the oldest waiting row", age
        )
    for kind, table, column in (("job", Job, Try.job_id), ("email", Email, Try.email_id)):
        retrying = select(func.count()).where(delivery.is_open(table), table.attempts > 1)
        yield GaugeMetricFamily(
            f"loncatan_{kind}s_retrying", "waiting rows that failed before", session.scalar(retrying) or 0
        )
        failed = session.scalar(select(func.count()).where(column.is_not(None)))
        yield CounterMetricFamily(f"loncatan_{kind}_tries_failed", "failed tries so far", failed or 0)


def _chain(session: Session, now: datetime) -> Iterator[Metric]:
    end, _last = audit.head(session)
    yield CounterMetricFamily("loncatan_events", "events in the chain", end.position)
    anchor = newest(session)
    behind = end.position - (anchor.position if anchor else 0)
    yield GaugeMetricFamily("loncatan_anchor_behind_events", "events since the last anchor", behind)
    age = (now - anchor.at).total_seconds() if anchor else 0.0
    yield GaugeMetricFamily("loncatan_anchor_age_seconds", "age of the last anchor", max(age, 0.0))
    finished = select(Verification).where(Verification.finished_at.is_not(None))
    last = session.scalars(finished.order_by(Verification.id.desc()).limit(1)).one_or_none()
    intact = 1 if last is None or last.intact else 0
    yield GaugeMetricFamily("loncatan_chain_intact", "0 if the last verification found a fault", intact)
    since = (now - last.finished_at).total_seconds() if last and last.finished_at else 0.0
    yield GaugeMetricFamily(
        "loncatan_chain_verified_age_seconds", "age of the last verification", max(since, 0.0)
    )


def _files(session: Session, now: datetime) -> Iterator[Metric]:
    missing, altered = file_check.faulty(session)
    last = file_check.newest(session, finished=True)
    found = {"missing": missing, "altered": altered, "orphaned": last.orphaned if last else 0}
    family = GaugeMetricFamily(
        "loncatan_files", "stored files that are not as they should be", labels=["fault"]
    )
    for fault, count in found.items():
        family.add_metric([fault], count)
    yield family
    age = (now - last.finished_at).total_seconds() if last and last.finished_at else 0.0
    yield GaugeMetricFamily(
        "loncatan_files_checked_age_seconds", "age of the last check of files", max(age, 0.0)
    )


def _queues(depths: Mapping[str, int]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "loncatan_queue_messages", "messages in a queue of the broker", labels=["queue"]
    )
    for queue, count in depths.items():
        family.add_metric([queue], count)
    yield family
