"""One OpenTelemetry span for each model that is asked, by the GenAI conventions; nothing where no SDK is set up.

A span says which model, how long, how many tokens and what kind of failure: never what was asked or answered, nor an
error's words, which can repeat it. Source: OpenTelemetry semantic conventions for generative AI, client spans.
"""

from __future__ import annotations

from types import TracebackType

from opentelemetry.trace import Span, SpanKind, StatusCode, get_tracer

from agents.llm.attempts import Answer
from agents.llm.responses import tokens_of
from db.traces import total_cost_usd

_TRACER = get_tracer("auspex.llm")


class CallSpan:
    """The span of one answer, from before it is asked for until it is there or has failed; use it as a context."""

    __slots__ = ("_answer", "_span")

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __enter__(self) -> None:
        self._span = _TRACER.start_span("chat", kind=SpanKind.CLIENT)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._span.is_recording():
            _describe(self._span, self._answer, kind)
        self._span.end()


def _describe(span: Span, answer: Answer, raised: type[BaseException] | None) -> None:
    name = answer.model.name
    span.update_name(f"chat {name}")
    span.set_attribute("gen_ai.operation.name", "chat")
    span.set_attribute("gen_ai.request.model", name)
    for setting in ("max_tokens", "temperature", "seed"):
        if setting in answer.parameters:
            span.set_attribute(f"gen_ai.request.{setting}", answer.parameters[setting])
    if isinstance(used := answer.response.get("model"), str):
        span.set_attribute("gen_ai.response.model", used)
    if tokens := tokens_of(answer.response):
        span.set_attribute("gen_ai.usage.input_tokens", tokens[0])
        span.set_attribute("gen_ai.usage.output_tokens", tokens[1])
    span.set_attribute("auspex.requests_sent", len(answer.costs_usd))
    if (cost_usd := total_cost_usd(answer.costs_usd)) is not None:
        span.set_attribute("auspex.cost_usd", cost_usd)
    if raised is not None or answer.failure is not None:
        span.set_attribute("error.type", raised.__name__ if raised else str(getattr(answer.failure, "reason", "")))
        span.set_status(StatusCode.ERROR)
