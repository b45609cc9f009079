"""The face of litellm's Router, as LangChain's `ChatLiteLLMRouter` knows it, in front of our client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from agents.llm.chat import Completion, Request
from agents.llm.deployments import Model
from agents.llm.parameters import request_of

if TYPE_CHECKING:
    from litellm import ModelResponse

OnCall = Callable[[Request, Completion], None]


class RouterFace:
    """`model_list` and `acompletion` for one model."""

    def __init__(
        self,
        model: Model,
        complete: Callable[[Request], Awaitable[Completion]],
        *,
        deadline_s: float,
        on_call: OnCall | None,
    ) -> None:
        self.model_list: list[dict[str, Any]] = [
            {"model_name": model.name, "litellm_params": {"model": deployment.model}}
            for deployment in model.deployments
        ]
        self.default_litellm_params: dict[str, Any] = {}
        self._model = model.name
        self._complete = complete
        self._deadline_s = deadline_s
        self._on_call = on_call

    async def acompletion(self, **parameters: Any) -> ModelResponse:
        """One call with OpenAI's parameters; raises as `LlmClient.complete` does, and BadInput for a parameter that
        would be lost on the way."""
        from litellm import ModelResponse

        parameters.pop("model", None)
        request = request_of(self._model, parameters, self._deadline_s)
        completion = await self._complete(request)
        if self._on_call is not None:
            self._on_call(request, completion)
        return ModelResponse(**completion.response)
