"""What a chat request asks for: the question in its prompt, the tools that it offers, and how far the run has come."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_ACTOR = re.compile(r"\(([A-Z]{3})\)")
_PLAIN_LINES = re.compile(r"^Kind: .*(?:\n.+)*", re.MULTILINE)
_PYTHON_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
_SHOWN = re.compile(r"^First answer: ([0-9.]+)\nShown: ([0-9.]+),", re.MULTILINE)
_PARAMETER = re.compile(r"(\w+)\s*:\s*[^=,]+?(\s*=[^,]+)?(?:,|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """The question as the plain lines of a prompt state it; None and empty where they do not."""

    kind: str
    subject: str | None = None
    object: str | None = None
    known_until: date | None = None
    first_day: date | None = None
    last_day: date | None = None
    codes: tuple[str, ...] | None = None
    at_least: int = 1
    given_any_event: bool = True
    options: tuple[str, ...] = ()
    candidate: str | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class MadeCall:
    """A tool call of an earlier turn, with what came of it (None: nothing yet)."""

    name: str
    arguments: Mapping[str, Any]
    observation: str | None


class Asked:
    """A chat request, read. `body` is the request's JSON."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.messages: list[Mapping[str, Any]] = list(body.get("messages") or [])

    @property
    def model(self) -> str:
        """The model's name, which chooses the behaviour."""
        return str(self.body.get("model", ""))

    @property
    def n(self) -> int:
        """How many choices are asked for."""
        return int(self.body.get("n") or 1)

    @property
    def tools(self) -> dict[str, Mapping[str, Any]]:
        """The tools offered: name -> JSON schema of the arguments."""
        functions = [tool.get("function") or {} for tool in self.body.get("tools") or []]
        return {function["name"]: function.get("parameters") or {} for function in functions if "name" in function}

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """The JSON schema that the answer must have, if one is asked for."""
        wanted = self.body.get("response_format") or {}
        return (wanted.get("json_schema") or {}).get("schema") if wanted.get("type") == "json_schema" else None

    @cached_property
    def system(self) -> str:
        """The system messages."""
        return "\n".join(
            text_of(message) for message in self.messages if message.get("role") in ("system", "developer")
        )

    @cached_property
    def prompt(self) -> str:
        """The user message that holds the question; empty where none does."""
        users = [text_of(message) for message in self.messages if message.get("role") == "user"]
        return next((text for text in users if _PLAIN_LINES.search(text)), "")

    @property
    def dossier(self) -> str:
        """The dossier in the prompt; empty without one."""
        return self.prompt.partition("\n## Dossier")[2].partition("\n## ")[0]

    @property
    def writes_python(self) -> bool:
        """Whether the answer may be worked out by Python in the reply."""
        return self.system.startswith("# You answer by writing Python")

    @property
    def reviews(self) -> bool:
        """Whether somebody's forecast is to be marked, and nothing to be forecast."""
        return self.system.startswith("# You review a forecast")

    @property
    def supervises(self) -> bool:
        """Whether a crowd's forecasts of the question are to be judged."""
        return self.system.startswith("# You supervise a crowd")

    @property
    def aim(self) -> str:
        """What a person who is helped with a forecast is to be asked next; empty where nobody is helped."""
        helped = self.system.startswith("# You help a person forecast")
        return "\n".join(line[2:] for line in self.system.splitlines() if helped and line.startswith("> "))

    @property
    def shown(self) -> tuple[float, float] | None:
        """The first answer and the number that is shown after it; None where none is."""
        found = _SHOWN.search(self.prompt)
        return (float(found[1]), float(found[2])) if found else None

    @property
    def wants_wrong(self) -> bool:
        """Whether an answer that is not correct is asked for."""
        return "you are asked for a wrong answer" in self.system

    @property
    def wants_reasons_first(self) -> bool:
        """Whether reasons are to come first and the answer in a block of its own after them."""
        return "```json" in self.system

    @cached_property
    def question(self) -> AskedQuestion | None:
        """The question; None where the prompt holds none."""
        stated = _PLAIN_LINES.search(self.prompt)
        if stated is None:
            return None
        lines: dict[str, list[str]] = {}
        for line in stated[0].splitlines():
            name, _, value = line.partition(": ")
            lines.setdefault(name, []).append(value)
        return _question(lines)

    @property
    def made_calls(self) -> list[MadeCall]:
        """The tool calls of this run so far, in order."""
        told = {m.get("tool_call_id"): text_of(m) for m in self.messages if m.get("role") == "tool"}
        made = [call for message in self.messages for call in message.get("tool_calls") or []]
        return [
            MadeCall(call["function"]["name"], _loads(call["function"]["arguments"]), told.get(call.get("id")))
            for call in made
        ]

    @property
    def said(self) -> list[str]:
        """What the model has said so far in this run."""
        return [text_of(message) for message in self.messages if message.get("role") == "assistant"]

    @property
    def runs(self) -> list[str]:
        """The output of each Python block that the model has written so far in this run."""
        pairs = zip(self.messages, self.messages[1:], strict=False)
        return [
            text_of(then)
            for message, then in pairs
            if message.get("role") == "assistant" and _PYTHON_BLOCK.search(text_of(message))
        ]

    @property
    def given(self) -> str:
        """Everything that came from outside the model: prompts and observations, but not the system message."""
        return self._said_by("user", "tool")

    def signature(self, function: str) -> Mapping[str, Any] | None:
        """The arguments of a function that the system message documents, as a JSON schema; None if it does not."""
        found = re.search(rf"\b{function}\(([^\n]*?)\)(?: ->|:|`|$)", self.system, re.MULTILINE)
        if found is None:
            return None
        parameters = _PARAMETER.findall(found[1])
        return {
            "properties": {name: {} for name, _ in parameters},
            "required": [name for name, default in parameters if not default],
        }

    def _said_by(self, *roles: str) -> str:
        return "\n".join(text_of(message) for message in self.messages if message.get("role") in roles)


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message, whose content may come in parts."""
    content = message.get("content") or ""
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def _question(lines: Mapping[str, list[str]]) -> AskedQuestion:
    def first(name: str) -> str:
        return lines.get(name, [""])[0]

    window = [date.fromisoformat(text) for text in _DATE.findall(first("Window") or first("Day"))]
    known = _DATE.search(first("Known until"))
    codes = re.findall(r"\b\d{2,4}\b", first("Codes"))
    return AskedQuestion(
        kind=first("Kind"),
        subject=_actor(first("Subject")),
        object=_actor(first("Object")),
        known_until=date.fromisoformat(known[0]) if known else None,
        first_day=window[0] if window else None,
        last_day=window[-1] if window else None,
        codes=tuple(codes) or None,
        at_least=int(first("At least") or 1),
        given_any_event=not first("Given").startswith("nothing"),
        options=tuple(lines.get("Option", ())),
        candidate=first("Candidate") or None,
        lower=_number(first("Lower bound")),
        upper=_number(first("Upper bound")),
    )


def _actor(text: str) -> str | None:
    found = _ACTOR.search(text)
    return found[1] if found else None


def _number(text: str) -> float | None:
    found = re.search(r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", text.replace(",", ""))
    return float(found[0]) if found else None


def _loads(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
