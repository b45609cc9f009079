"""`auspex traces`: the steps of language-model members, page by page, and whole to a file."""

from __future__ import annotations

from pathlib import Path

from app.commands.places import ledger_address
from app.output import bold, emit_json, err, out, table
from app.writing import written
from db.errors import BadInput
from db.ledger.traces import TraceStore
from db.traces import TraceStep

_SHOWN = 2000
"""Characters of a step on the screen; `--json` and the export have all of it."""


def list_traces(question: str, member: str, limit: int, offset: int, ledger: str | None, *, as_json: bool) -> None:
    """The runs, newest first."""
    with TraceStore(ledger_address(ledger)) as traces:
        found = traces.find(question_id=question, member=member, limit=limit, offset=offset)
        total = traces.count(question_id=question, member=member)
    if as_json:
        emit_json({"traces": [header.as_dict() for header in found], "total": total})
        return
    if not found and (total or question or member):
        out.print(f"No trace there: {total} match{'es' if total == 1 else ''} in all.")
        return
    if not found:
        out.print("No traces. Ask a language model something: auspex ask 'Will …?' --member react:openai/gpt-5")
        return
    table(
        f"{len(found)} of {total} runs",
        ("member", "run", "question", "as of", "outcome", "steps", "tokens", "cost"),
        [
            (
                header.member,
                header.id[:10],
                header.question_id[:8],
                f"{header.as_of:%Y-%m-%d}",
                header.outcome,
                header.n_steps,
                f"{header.tokens:,}",
                "-" if header.cost_usd is None else f"${header.cost_usd:.4f}",
            )
            for header in found
        ],
        "Next: auspex traces show RUN",
    )


def show(trace_id: str, offset: int, limit: int, ledger: str | None, *, as_json: bool) -> None:
    """One run's steps."""
    with TraceStore(ledger_address(ledger)) as traces:
        header = traces.header(trace_id)
        steps = traces.steps(header.id, offset=offset, limit=limit)
    if as_json:
        emit_json(
            {"trace": header.as_dict(), "offset": offset, "steps": [step.model_dump(mode="json") for step in steps]}
        )
        return
    out.print(bold(header.member), f"on question {header.question_id[:8]}, as of {header.as_of:%Y-%m-%d %H:%M} UTC")
    for number, step in enumerate(steps, start=offset):
        out.rule(_title(number, step), align="left", style="dim")
        rest = len(step.text) - _SHOWN
        out.print(step.text[:_SHOWN] + (f" … {rest:,} more characters" if rest > 0 else ""), highlight=False)
    if not steps:
        out.print(f"It has {header.n_steps} steps, numbered from 0.")
    if steps and offset + len(steps) < header.n_steps:
        out.print(f"Next: auspex traces show {header.id[:10]} --offset {offset + len(steps)}")


def _title(number: int, step: TraceStep) -> str:
    parts = [f"{number} {step.kind}"]
    if step.tool:
        parts.append(f"{step.tool}({', '.join(f'{name}={value!r}' for name, value in step.arguments.items())})")
    if step.prompt_tokens or step.completion_tokens:
        parts.append(f"{step.prompt_tokens + step.completion_tokens:,} tokens")
    if step.cached:
        parts.append("from the log")
    if step.latest_added_at is not None:
        parts.append(f"newest row known {step.latest_added_at:%Y-%m-%d %H:%M}")
    return " · ".join(parts)


def export(path: Path, question: str, member: str, ledger: str | None, *, as_json: bool) -> None:
    """Whole traces, one JSON object a line, written beside and renamed when complete."""
    with TraceStore(ledger_address(ledger)) as traces:
        count = traces.count(question_id=question, member=member)
        if not count:
            raise BadInput("no trace matches: see auspex traces list")
        with written(path) as file:
            for trace in traces.export(question_id=question, member=member):
                file.write(trace.model_dump_json() + "\n")
    if as_json:
        emit_json({"written": count, "path": str(path)})
    else:
        err.print(f"{count} traces written to {path}.")
