"""What a provider sent, as litellm shows it before it makes it its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agents.llm.responses import FINISHED, Response, plain, sound

_ENDINGS = (*FINISHED, "STOP", "COMPLETE", "TOOL_CALL", "end_turn", "stop_sequence", "tool_use", "eos", "eos_token")
"""What providers call the end of a whole answer. litellm calls many things "stop" that are none, such as "error"."""

_SHOWN = 100
"""Characters of an unknown ending that are kept."""


class Raw:
    """One call as litellm's `logger_fn` sees it: whether anything was `sent`, and the `body` that came back.

    The body is there for an answer in one piece whose status is no error, and is JSON.
    """

    def __init__(self) -> None:
        self.sent = False
        self.body: Mapping[str, Any] = {}

    def __call__(self, details: Mapping[str, Any]) -> None:
        """litellm's hook, called before a request is sent and after its answer was read."""
        self.sent = True
        came = details.get("original_response")
        if details.get("log_event_type") == "post_api_call" and isinstance(came, str):
            try:
                body = json.loads(came)
            except (ValueError, RecursionError):
                return
            self.body = body if isinstance(body, Mapping) else {}

    def with_endings(self, response: Response) -> Response:
        """The response with a `finish_reason` that ends an answer only where the provider said so.

        litellm makes "stop" of whatever it does not know, and of nothing. None: the provider gave no reason.
        """
        said = self._endings()
        choices = [
            {**choice, "finish_reason": _ending(choice, said[at] if at < len(said) else _native(choice))}
            for at, choice in enumerate(response["choices"])
        ]
        return {**response, "choices": choices}

    def mended(self) -> Response:
        """The response, where litellm stumbled over a usage or log-probabilities that are none: without them.

        Raises ValueError or another of its kind where that is not all that is wrong.
        """
        from litellm import ModelResponse

        response: Response = ModelResponse(**sound(plain(self.body))).model_dump()
        return response

    def _endings(self) -> list[Any]:
        """Why each choice ended in the provider's own words; empty for a shape of answer that is not known here."""
        body = self.body
        for choices, reason in (("choices", "finish_reason"), ("candidates", "finishReason")):
            found = body.get(choices)
            if isinstance(found, list):
                return [choice.get(reason) if isinstance(choice, Mapping) else None for choice in found]
        return [body["stop_reason"]] if "stop_reason" in body else []


def _native(choice: Mapping[str, Any]) -> Any:
    """litellm keeps the provider's word where it replaced it."""
    fields = choice.get("provider_specific_fields") or {}
    return fields.get("native_finish_reason", choice.get("finish_reason"))


def _ending(choice: Mapping[str, Any], said: Any) -> str | None:
    if said is None:
        return None
    mapped = str(choice.get("finish_reason"))
    return mapped if mapped not in FINISHED or said in _ENDINGS else str(said)[:_SHOWN]
