"""What the jobs' client and the workers call things in the engine's database. Changing one orphans what runs."""

from __future__ import annotations

import hashlib
import uuid

APPLICATION = "auspex"
VERSION = "1"
"""To be raised when a workflow's steps change: the engine resumes only what was begun under the same version."""
JOBS = "auspex-jobs"
"""The queue of whole jobs."""
WORK = "auspex-work"
"""The queue of their parts."""
JOB_WORKFLOW = "auspex.job"
PART_WORKFLOW = "auspex.part"
TICK_WORKFLOW = "auspex.tick"
TICK_KEY = "schedule "
"""How the keys of schedules' jobs begin, and nobody else's."""


def attempt_id(job_id: str, attempt: int) -> str:
    """The workflow of an attempt at a job: the job's own id, which is its key, for the first."""
    return job_id if attempt == 1 else f"{job_id}~{attempt}"


def job_id_of(key: str) -> str:
    """The id of the job with this key: always the same; a new one where the key is empty."""
    return f"job-{hashlib.sha256(key.encode()).hexdigest()[:16] if key else uuid.uuid4().hex[:16]}"
