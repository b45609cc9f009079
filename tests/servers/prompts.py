"""Prompts as forecasters send them, sent through the real client, for tests that need no forecaster."""

from __future__ import annotations

from typing import Any

import openai
from openai.types.chat import ChatCompletion

PAIR = "Subject: China (CHN)\nObject: Taiwan (TWN)\n"
KNOWN = "Known until: 2025-06-01 00:00 UTC"
RELATION = f"Kind: relation\n{PAIR}Day: 2025-06-02\nGiven: at least one event is reported\n{KNOWN}"
BINARY = f"Kind: binary\n{PAIR}Window: 2025-06-02 to 2025-06-08\nCodes: 04\nAt least: 1\n{KNOWN}"
MULTIPLE_CHOICE = f"Kind: multiple_choice\nOption: red\nOption: green\nOption: blue\n{KNOWN}"
NUMERIC = f"Kind: numeric\nLower bound: 10\nUpper bound: 30\n{KNOWN}"


def asking(lines: str, *, system: str = "You forecast.", dossier: str = "") -> list[Any]:
    """The messages that ask a question of these plain lines."""
    text = f"## Question\n\nWhat will be reported?\n\n{lines}" + (f"\n\n## Dossier\n\n{dossier}" if dossier else "")
    return [{"role": "system", "content": system}, {"role": "user", "content": text}]


def connected(url: str) -> openai.OpenAI:
    """A client that tries once."""
    return openai.OpenAI(base_url=url, api_key="x", max_retries=0, timeout=10)


def ask(client: openai.OpenAI, model: str = "scripted", messages: Any = None, **parameters: Any) -> ChatCompletion:
    """What the model says to these messages, the relation question if there are none."""
    found = client.chat.completions.create(model=model, messages=messages or asking(RELATION), **parameters)
    assert isinstance(found, ChatCompletion)
    return found


def text(completion: ChatCompletion) -> str:
    """The text of the first choice."""
    return completion.choices[0].message.content or ""
