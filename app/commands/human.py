"""A person's number in `auspex ask`: taken, recorded before the members answer, combined, and shown beside theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from agents.assistant.number import read_probability
from agents.members.equipment import Equipment
from agents.members.registry import models_of
from agents.people import SELF, person
from app.commands.questions import said
from app.commands.running import Afterwards
from app.desk import Run
from app.hybrid import Shown, combined, compared, record_number, show_to_members
from app.output import Cell, bold, err, out, table
from db.errors import BadInput
from db.events.snapshot import Snapshot
from db.ledger.ledger import Ledger
from db.records import Aggregate, BinaryQuestion, Forecast, MemberFailure, Question
from db.values import probability_of_yes
from ensembles.hybrid import HUMAN_WEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanNumber:
    """A probability of yes that a person brings as `member`; `show` lets language models see it after they answered."""

    member: str
    probability: float
    show: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A human number with what came of it: its hybrid with the crowd (None without a crowd), and who was shown it."""

    number: Forecast
    hybrid: Aggregate | None
    shown: list[Shown]


def from_options(human: str | None, name: str | None, *, show: bool) -> HumanNumber | None:
    """The number that the command line brings, None for none; raises BadInput for one that is none or has no name."""
    if human is not None:
        return HumanNumber(member=person(name or SELF), probability=read_probability(human), show=show)
    if name is not None or show:
        raise BadInput("--human-name and --show-human go with a number: add --human 35%")
    return None


def check(human: HumanNumber, question: Question, members: Sequence[str]) -> BinaryQuestion:
    """The question, if it can take the number and somebody can be shown it; raises BadInput if not."""
    if not isinstance(question, BinaryQuestion):
        raise BadInput("--human is a probability of yes: it goes with a yes/no question, without --option or --number")
    if human.show and not models_of(members):
        raise BadInput(
            "--show-human shows the number to language models: name one, such as --member direct:openai/gpt-5"
        )
    return question


def record(human: HumanNumber, question: BinaryQuestion, ledger: Ledger, *, as_of: datetime, now: datetime) -> Forecast:
    """Record the number and say where it does not count as it was given."""
    number = record_number(ledger, question, human.member, human.probability, as_of=as_of, now=now)
    if probability_of_yes(number.value) != human.probability:
        err.print(
            f"{human.member} said {said(number.value)} as of {as_of:%Y-%m-%d %H:%M} UTC before: "
            "a recorded forecast is never replaced, so that number counts.",
            highlight=False,
        )
    if as_of < now:
        err.print(
            f"{human.member} knows what came after {as_of:%Y-%m-%d}: with an outcome known by now it is a back-test.",
            highlight=False,
        )
    return number


def showing(question: BinaryQuestion, number: Forecast, snapshot: Snapshot, *, now: datetime) -> Afterwards:
    """What is done after the members answered: each language model is shown the number and asked once more."""

    async def show(run: Run, equipment: Equipment) -> Sequence[Forecast | MemberFailure]:
        return await show_to_members(question, run.forecasts, number, snapshot=snapshot, equipment=equipment, now=now)

    return show


def combine(run: Run, number: Forecast, ledger: Ledger, *, show: bool, now: datetime) -> Beside:
    """Add to the run the number and its hybrid with the run's first aggregate, recorded; and compare what members made
    of it, if they were shown it."""
    rows = compared(number, run.forecasts) if show else []
    hybrid = combined(run.aggregates[0], number, run.forecasts, now=now) if run.aggregates else None
    run.forecasts.insert(0, number)
    if hybrid is not None:
        run.recorded += ledger.append([hybrid], run_id=run.run_id)
        run.aggregates.append(hybrid)
    return Beside(number=number, hybrid=hybrid, shown=rows)


def as_json(beside: Beside | None) -> dict[str, Any]:
    """The comparison as JSON data."""
    return {"shown": [asdict(row) for row in beside.shown] if beside else []}


def rows(beside: Beside) -> list[tuple[Cell, Cell]]:
    """The lines of the answers' table: the number, and the hybrid under it."""
    found: list[tuple[Cell, Cell]] = [(beside.number.member, said(beside.number.value))]
    if beside.hybrid is not None:
        label = f"hybrid ({HUMAN_WEIGHT:.0%} human in log-odds)"
        found.append((bold(label), bold(said(beside.hybrid.value))))
    return found


def show_comparison(beside: Beside) -> None:
    """The table of study 2: what each model made of the number, against what needs no second call."""
    if beside.hybrid is None:
        out.print("The crowd has no answer, so there is nothing to combine the number with.", style="dim")
    if not beside.shown:
        return
    table(
        f"After seeing {said(beside.number.value)}",
        ("member", "first", "update", "average", "hybrid"),
        [
            (
                row.member,
                f"{row.first:.1%}",
                "-" if row.update is None else f"{row.update:.1%}",
                f"{row.average:.1%}",
                f"{row.hybrid:.1%}",
            )
            for row in beside.shown
        ],
        "Average and hybrid combine the first answer with the number, without a second "
        "call. In study 2 of Wisdom of the Silicon Crowd (2024) the average did better.",
    )
