"""litellm without what it does unasked: calling home, warning, logging, retrying, counting, cooling down."""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # read when litellm is imported: else it downloads its price list then
    "LITELLM_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
}
_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")


def stay_quiet() -> None:
    """Keep litellm and LangChain from calling home; to be called before either is imported."""
    os.environ.update(_ENVIRONMENT)


def ignore_harmless_warnings() -> None:
    """Let calls pass where warnings are errors: litellm looks at deprecated attributes of a stream's chunks, OpenAI's
    client finds types in an answer that it did not expect, and aiohttp finds a body of a megabyte large."""
    warnings.filterwarnings("ignore", "Accessing the 'model_", DeprecationWarning)
    warnings.filterwarnings("ignore", "Pydantic serializer warnings", UserWarning)
    warnings.filterwarnings("ignore", "Sending a large body", ResourceWarning)


def bare_router() -> Any:
    """A litellm Router without deployments and with all of its own switches off. Imports litellm: it takes seconds."""
    import litellm
    from litellm.router import Router
    from litellm.types.utils import Delta, Message

    litellm.telemetry = False
    litellm.suppress_debug_info = True
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what fails is raised, without the keys that may be in it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydantic's, of litellm's types, which it would build at the first answer
        Message.model_rebuild()
        Delta.model_rebuild()

    class BareRouter(Router):
        """Counts no tokens: that is for limits of its own, which are off, and costs it half a millisecond a call."""

        async def increment_deployment_usage_for_response(self, response: object, request_kwargs: object) -> None:
            """Count nothing."""

    litellm.utils.update_response_metadata = _no_sums  # type: ignore[attr-defined]
    router: Any = BareRouter(model_list=[], num_retries=0, disable_cooldowns=True)
    router.discard()  # its callbacks count usage for limits and cool-downs of its own, which are off
    return router


def _no_sums(*_: object, **__: object) -> None:
    """In place of litellm's own reckoning of what an answer cost and how long it took, which nobody reads: it costs a
    millisecond a call, and litellm has no switch for it."""
