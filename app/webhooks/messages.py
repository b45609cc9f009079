"""What is told, and how it is signed: CloudEvents 1.0 as structured JSON, and the headers of Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from app.jobs.records import JobStatus
from db.ledger.outbox import Event
from db.ledger.webhooks import SECRET_MARK, EventType
from db.records import Forecast, Record, Resolution

MEDIA_TYPE = "application/cloudevents+json"
SOURCE = "/auspex/ledger"
JOBS_SOURCE = "/auspex/jobs"


def record_event(type: EventType, record: Record, run_id: str) -> Event:
    """A forecast or resolution as an event; a forecast's raw text stays at home, its run is told beside it."""
    if isinstance(record, Forecast):
        moment, question_id = record.created_at, record.question_id
        data = record.model_dump(mode="json", exclude={"raw_text"}) | {"run_id": run_id}
    elif isinstance(record, Resolution):
        moment, question_id = record.resolved_at, record.question_id
        data = record.model_dump(mode="json")
    else:
        raise TypeError(f"nobody is told of a {record.__class__.__name__}")
    return _event(f"{type}-{record.id}", type, SOURCE, f"questions/{question_id}", moment, data)


def job_event(job: JobStatus) -> Event:
    """A job that failed as an event: another one each time that it fails again."""
    moment = job.updated_at or job.created_at
    name = f"{EventType.BATCH_FAILED}-{job.job_id}-{moment:%Y%m%dT%H%M%S}"
    data = job.model_dump(mode="json")
    return _event(name, EventType.BATCH_FAILED, JOBS_SOURCE, f"jobs/{job.job_id}", moment, data)


def _event(id: str, type: EventType, source: str, subject: str, moment: datetime, data: dict[str, Any]) -> Event:
    content = {
        "specversion": "1.0",
        "id": id,
        "type": type,
        "source": source,
        "subject": subject,
        "time": moment.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    return Event(id=id, type=type, body=json.dumps(content, ensure_ascii=False, allow_nan=False))


def signed_headers(secret: str, event_id: str, body: bytes, *, now: datetime) -> dict[str, str]:
    """The headers of a message that is sent now, signed with a webhook's secret."""
    stamp = str(int(now.timestamp()))
    return {
        "Content-Type": MEDIA_TYPE,
        "webhook-id": event_id,
        "webhook-timestamp": stamp,
        "webhook-signature": signature(secret, event_id, stamp, body),
    }


def signature(secret: str, event_id: str, stamp: str, body: bytes) -> str:
    """`v1,` and the base64 of the HMAC-SHA256 of id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix(SECRET_MARK))
    said = b".".join((event_id.encode(), stamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
