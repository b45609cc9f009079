"""Whether a job can be done, said before it is put into the queue, and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.jobs.records import BenchmarkJob, DeskJob, ForecastJob, GenerateJob, IngestJob, JobSpec
from db.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from db.ledger.ledger import Ledger


def check(spec: JobSpec, ledger: Ledger | None) -> None:
    """Raises UnknownName or BadInput, naming what is wrong, for a job that cannot be done. `ledger` holds the questions
    of a forecast."""
    if isinstance(spec, ForecastJob | DeskJob):
        from agents.members.registry import models_of

        models_of(spec.members)
    if isinstance(spec, IngestJob) and spec.first_day and spec.last_day and spec.last_day < spec.first_day:
        raise BadInput(f"the window {spec.first_day}..{spec.last_day} is empty: the last day lies before the first")
    if not isinstance(spec, ForecastJob):
        return
    if spec.rule is not None:
        from ensembles.registry import pooling_rule

        try:
            pooling_rule(spec.rule)
        except ValueError as error:
            raise BadInput(str(error)) from error
    if ledger is not None:
        known = {question.id for question in ledger.questions(spec.question_ids)}
        for wanted in spec.question_ids:
            if wanted not in known:
                raise UnknownName(f"the ledger holds no question {wanted!r}: add it before the job", name=wanted)


def members_of(spec: ForecastJob | DeskJob) -> tuple[str, ...]:
    """The members that a job asks, each once: all statistical ones where it names none."""
    from agents.members.registry import MEMBERS

    return tuple(dict.fromkeys(spec.members or MEMBERS))


def units_of(spec: JobSpec) -> int:
    """How many units a job is known to have before it begins."""
    if isinstance(spec, ForecastJob):
        return len(set(spec.question_ids)) * len(members_of(spec))
    return 0 if isinstance(spec, DeskJob) else 1


def title_of(spec: JobSpec) -> str:
    """What people read where they gave a job no title."""
    if isinstance(spec, ForecastJob):
        n, members = len(set(spec.question_ids)), len(members_of(spec))
        return f"{n} questions, {members} members, as of {spec.as_of:%Y-%m-%d}"
    if isinstance(spec, IngestJob):
        more = f" and {len(spec.sources) - 1} more" if len(spec.sources) > 1 else ""
        return f"ingest {spec.sources[0]}{more}"
    if isinstance(spec, GenerateJob):
        return f"{spec.n} questions as of {spec.as_of:%Y-%m-%d}, {spec.horizon_days} days ahead"
    if isinstance(spec, BenchmarkJob):
        return f"benchmark {spec.name}"
    if isinstance(spec, DeskJob):
        return f"a day at the desk{'' if spec.as_of is None else f', {spec.as_of:%Y-%m-%d}'}"
    return "resolve open questions"
