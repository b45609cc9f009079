"""DBOS, the engine of the jobs: quiet, on this machine's database, and telling nobody."""

from __future__ import annotations

import logging
import uuid

from dbos import DBOS, DBOSClient, DBOSConfig
from dbos._sys_db import WorkflowSchedule

from app.jobs.names import APPLICATION, JOBS, TICK_WORKFLOW, VERSION
from app.jobs.records import Schedule
from db.jobs.book import JobBook

_THREADS = 12
"""Threads that speak to the engine's database: more of them only wait for each other's locks."""


def be_quiet() -> None:
    """Keep the engine's own words off the console: it finds a handler and brings none. What breaks a job is in its
    status, and logged by the worker."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.CRITICAL)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def configuration(address: str, book: JobBook, *, executor_id: str) -> DBOSConfig:
    """How a worker's engine is set up: no console, no telemetry, no administration port, a fixed version."""
    return {
        "name": APPLICATION,
        "system_database_url": _url(address),
        "system_database_engine": book.engine,
        "application_version": VERSION,
        "executor_id": executor_id,
        "log_level": "CRITICAL",
        "console_log_level": "CRITICAL",
        "enable_otlp": False,
        "max_executor_threads": _THREADS,
        "scheduler_polling_interval_sec": 5.0,
        "notification_listener_polling_interval_sec": 0.5,
    }


def connect(address: str, book: JobBook) -> DBOSClient:
    """A client of the engine on the jobs' database, whose tables are made if need be."""
    be_quiet()
    DBOS.migrate(_url(address))
    return DBOSClient(system_database_engine=book.engine, application_name=APPLICATION)


def keep_schedule(engine: DBOSClient, schedule: Schedule, context: dict[str, str]) -> None:
    """Keep a new schedule, paused from its first moment where it is to be: the client's own way begins all running."""
    engine._sys_db.create_schedule(
        WorkflowSchedule(
            schedule_id=str(uuid.uuid4()),
            schedule_name=schedule.name,
            workflow_name=TICK_WORKFLOW,
            workflow_class_name=None,
            schedule=schedule.cron,
            status="PAUSED" if schedule.paused else "ACTIVE",
            context=engine._sys_db.serializer.serialize(context),
            last_fired_at=None,
            automatic_backfill=False,
            cron_timezone=schedule.time_zone,
            queue_name=JOBS,
            application_name=APPLICATION,
            shard_key=None,
        )
    )


def _url(address: str) -> str:
    return address.replace("postgresql+psycopg://", "postgresql://", 1)
