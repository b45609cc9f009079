"""The tools that write: only there with `--allow-writes`, and over HTTP only for keys that may write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from mcp.server.auth.middleware.auth_context import get_access_token
from pydantic import Field, TypeAdapter

from app.cli.options import moment
from app.jobs.records import ForecastJob
from app.mcp.desk import McpDesk
from app.mcp.results import AsOf, Created, Submitted
from db.errors import BadInput
from db.ledger.api_keys import Scope
from db.records import EventCriterion, Question

_QUESTION: TypeAdapter[Question] = TypeAdapter(Question)


class WriteTools:
    """Each public method is a tool. The ledger only grows: nothing here changes or removes what is recorded."""

    def __init__(self, desk: McpDesk) -> None:
        self._desk = desk

    def create_question(
        self,
        text: Annotated[str, Field(min_length=1, description="The question")],
        resolution_criteria: Annotated[str, Field(min_length=1, description="What decides it, and by which source")],
        resolve_by: Annotated[str, Field(description="When the outcome is due: a date or an ISO time with a zone")],
        background: str = "",
        options: Annotated[
            list[str] | None, Field(description="Two or more exclusive outcomes; none for yes/no or a number")
        ] = None,
        unit: Annotated[str, Field(description="Of a question whose answer is a number; empty for any other")] = "",
        criterion: Annotated[
            EventCriterion | None, Field(description="What the event store resolves a yes/no question by")
        ] = None,
    ) -> Created:
        """Record a question that opens now: yes/no, or one of `options`, or a number in `unit`."""
        _may_write()
        content: dict[str, Any] = {
            "text": text,
            "resolution_criteria": resolution_criteria,
            "background": background,
            "open_at": datetime.now(UTC),
            "resolve_by": moment(resolve_by, "resolve_by"),
            "source": "mcp",
        }
        if sum((options is not None, bool(unit), criterion is not None)) > 1:
            raise BadInput("a question has options, or a unit, or a criterion: give one of them")
        if options is not None:
            content |= {"kind": "multiple_choice", "options": options}
        elif unit:
            content |= {"kind": "numeric", "unit": unit}
        else:
            content |= {"kind": "binary", "criterion": criterion}
        question = _QUESTION.validate_python(content)
        return Created(question_id=question.id, new=self._desk.ledger.append([question]) == 1)

    def run_forecast(
        self,
        question_ids: Annotated[list[str], Field(min_length=1)],
        members: Annotated[list[str] | None, Field(description="None: all statistical ones")] = None,
        as_of: AsOf = "",
        rule: Annotated[str | None, Field(description="Pooling rule; none: learnt from the track record")] = None,
        budget_usd: Annotated[float | None, Field(ge=0, description="What models may cost at most")] = None,
        key: Annotated[
            str, Field(description="The same key with the same job gives the same job again; needs as_of")
        ] = "",
    ) -> Submitted:
        """Let members forecast questions, in a job of its own."""
        _may_write()
        if key and not as_of:
            raise BadInput("a key needs as_of: without it the job is as of now, and another one each time")
        job = ForecastJob(
            question_ids=tuple(question_ids),
            members=tuple(members or ()),
            as_of=moment(as_of, "as_of") if as_of else datetime.now(UTC),
            rule=rule,
            budget_usd=budget_usd,
        )
        return Submitted(job_id=self._desk.jobs.submit(job, key=key))


def _may_write() -> None:
    """Over HTTP the key decides; on standard input and output whoever started the server did, with --allow-writes."""
    token = get_access_token()
    if token is not None and Scope.FORECAST not in token.scopes:
        raise BadInput("this API key may only read: make one with `auspex api-keys create --scope forecast`")
