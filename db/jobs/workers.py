"""The workers: which of them are alive, so that another takes over from one that is not."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Engine, delete, func, select, update

from db.jobs.access import reading, writing
from db.jobs.models import Worker
from db.jobs.upserts import upsert


class Workers:
    """Reads and writes the workers in the database behind `engine`. Their clocks must agree to some seconds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def beat(self, executor_id: str) -> None:
        """Note that a worker is alive."""
        with writing(self._engine) as connection:
            insertion = upsert(connection.dialect.name, Worker)
            insertion = insertion.values(executor_id=executor_id, beat_at=time.time())
            insertion = insertion.on_conflict_do_update(
                index_elements=["executor_id"], set_={"beat_at": insertion.excluded["beat_at"]}
            )
            connection.execute(insertion)

    def beat_again(self, executor_id: str) -> bool:
        """Note that a worker is still alive, unless others have begun to take over from it; says whether it is."""
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(Worker)
                .where(Worker.executor_id == executor_id, Worker.beat_at > 0.0)
                .values(beat_at=time.time())
            )
        return bool(changed.rowcount)

    def claim(self, executor_id: str, *, silent_s: float) -> bool:
        """Begin to take over from a worker, if it is still silent: from now on it cannot beat again as it was."""
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(Worker)
                .where(Worker.executor_id == executor_id, Worker.beat_at < time.time() - silent_s)
                .values(beat_at=0.0)
            )
        return bool(changed.rowcount)

    def taken_over(self, executor_id: str) -> None:
        """Strike a worker out that was taken over from, unless it has come back meanwhile."""
        with writing(self._engine) as connection:
            connection.execute(delete(Worker).where(Worker.executor_id == executor_id, Worker.beat_at == 0.0))

    def lost(self, *, silent_s: float) -> list[str]:
        """Workers that have not been heard of for so many seconds."""
        with reading(self._engine) as connection:
            wanted = select(Worker.executor_id).where(Worker.beat_at < time.time() - silent_s)
            return [str(found) for found in connection.execute(wanted).scalars()]

    def last_beat(self) -> float | None:
        """When any worker was last heard of, in seconds since 1970; None if there never was one."""
        with reading(self._engine) as connection:
            found = connection.execute(select(func.max(Worker.beat_at))).scalar()
        return None if found is None else float(found)

    def forget(self, executor_id: str, *, gone: bool = True) -> None:
        """Strike a worker out; with `gone` off it stays, as one that has not been heard of for ever."""
        changed: Any = delete(Worker) if gone else update(Worker).values(beat_at=0.0)
        with writing(self._engine) as connection:
            connection.execute(changed.where(Worker.executor_id == executor_id))
