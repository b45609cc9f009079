"""The one place that calls litellm: a Router with all of its own switches off, asked for one deployment at a time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from aiolimiter import AsyncLimiter

from agents.llm.deployments import SECRET_ENDINGS, Deployment
from agents.llm.faults import Fault, fault_of
from agents.llm.quiet import bare_router, ignore_harmless_warnings
from agents.llm.raw import Raw
from agents.llm.redaction import Redaction
from agents.llm.responses import LONGEST, Response, plain, sound
from db.errors import UnknownName

_SHORTEST_SECRET = 8
"""Characters; shorter keys are placeholders such as "none", words that texts have too."""
_MALFORMED = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, RecursionError)
"""What litellm stumbles over when a response is not shaped as it expects."""
_BETWEEN_STARTS_S = 0.003
"""About the time that litellm needs to send a request. Calls that begin together would each wait until all are ready,
come back together, and leave the servers idle between; so they are spread."""

_open_in_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()
"""How many providers are open in each event loop: litellm keeps its connections by loop, and shares them."""


def load() -> None:
    """Import litellm, which takes seconds: for whoever would rather do so in a thread than at the first call."""
    import litellm  # noqa: F401


class Provider:
    """The door to all providers. Belongs to the event loop in which it is first used."""

    def __init__(self, redaction: Redaction, *, clock: Callable[[], datetime]) -> None:
        self._redaction = redaction
        self._clock = clock
        self._router: Any = None
        self._starts = AsyncLimiter(1, _BETWEEN_STARTS_S)

    def add(self, deployment: Deployment) -> None:
        """Make a deployment known, if it is not; raises UnknownName if litellm knows no such provider.

        The first time litellm is imported, which takes seconds.
        """
        if self._router is not None and self._router.has_model_id(deployment.id):
            return
        import litellm
        from litellm.exceptions import BadRequestError
        from litellm.types.router import Deployment as RouterDeployment
        from litellm.types.router import LiteLLM_Params, ModelInfo

        if self._router is None:
            self._router = bare_router()
            loop = asyncio.get_running_loop()
            _open_in_loop[loop] = _open_in_loop.get(loop, 0) + 1
        params = deployment.resolved()
        said = [str(value) for name, value in params.items() if name.endswith(SECRET_ENDINGS)]
        self._redaction.add(*(value for value in said if len(value) >= _SHORTEST_SECRET))
        try:
            litellm.get_llm_provider(deployment.model, api_base=params.get("api_base"))
        except BadRequestError:
            raise UnknownName(
                f"{deployment.where}: litellm knows no provider for {deployment.model!r}: "
                "write it as provider/model, such as openai/gpt-5",
                name=deployment.model,
            ) from None
        self._router.add_deployment(
            RouterDeployment(
                model_name=deployment.id,
                litellm_params=LiteLLM_Params(**params),
                model_info=ModelInfo(id=deployment.id),
            )
        )

    async def ask(self, deployment: Deployment, parameters: Mapping[str, Any]) -> Response | Fault:
        """One attempt at a deployment that was added: the whole response without secrets, else what went wrong.

        A stream is read to its end (or to the longest answer there is); one that breaks off has a `finish_reason` of
        None, and one that is a refusal is empty, as litellm drops its words. An unknown `finish_reason` is noticed only
        in an answer in one piece: of a stream's, litellm makes "stop" before anybody sees it. The litellm error itself
        goes no further: it may hold keys.
        """
        import httpx
        import openai
        from litellm._internal_context import is_internal_call

        ignore_harmless_warnings()
        await self._starts.acquire()
        raw = Raw()
        internal = is_internal_call.set(True)  # litellm keeps no log of its own, in tasks that outlive the call
        try:
            return await self._response(deployment, parameters, raw)
        except (openai.OpenAIError, httpx.HTTPError, httpx.InvalidURL, OSError, ImportError, *_MALFORMED) as error:
            try:
                return self._cleaned(raw.with_endings(raw.mended()))
            except _MALFORMED as wrong:
                said_by_provider = not raw.body or "error" in raw.body
                return fault_of(
                    error if said_by_provider else wrong,
                    deployment.id,
                    sent=raw.sent,
                    unset=_unset_keys(deployment),
                    shown=self._redaction.text,
                    clock=self._clock,
                )
        finally:
            is_internal_call.reset(internal)

    async def _response(self, deployment: Deployment, parameters: Mapping[str, Any], raw: Raw) -> Response:
        answer = await self._router.acompletion(model=deployment.id, **parameters, logger_fn=raw)
        if parameters.get("stream"):
            return self._cleaned(await _whole(answer))
        return self._cleaned(raw.with_endings(answer.model_dump()))

    def _cleaned(self, response: Response) -> Response:
        """The response without secrets and without what it cannot mean; raises ValueError where it is none."""
        found: Response = self._redaction.data(sound(plain(response)))
        return found

    async def aclose(self) -> None:
        """Close the connections that litellm keeps for this event loop, unless another provider here uses them."""
        if self._router is None:
            return
        self._router = None
        loop = asyncio.get_running_loop()
        others = _open_in_loop.pop(loop) - 1
        if others:
            _open_in_loop[loop] = others
        else:
            await _close_connections(loop)


async def _whole(stream: Any) -> Response:
    """A stream's chunks put together, with the log-probabilities that litellm leaves out."""
    import litellm

    chunks: list[Any] = []
    logprobs: list[Any] = []
    length = 0
    async for chunk in stream:
        chunks.append(chunk)
        for choice in chunk.choices[:1]:
            length += len(choice.delta.content or "")
            said = choice.model_dump().get("logprobs")
            logprobs += (said.get("content") or []) if isinstance(said, Mapping) else []
        if length > LONGEST:
            await stream.aclose()
            break
    built: Any = litellm.stream_chunk_builder(chunks)
    response: Response = built.model_dump()
    for choice in response["choices"][:1]:
        choice["logprobs"] = {"content": logprobs} if logprobs else None
        if not any(choice.finish_reason for chunk in stream.chunks for choice in chunk.choices):
            choice["finish_reason"] = None  # the wrapper says "stop" where the provider said nothing
    if not any(getattr(chunk, "usage", None) for chunk in stream.chunks):
        response["usage"] = None  # where the provider said nothing litellm counts for itself
    return response


def _unset_keys(deployment: Deployment) -> Sequence[str]:
    """The environment variables with keys that litellm looks for and does not find; of a bare name only."""
    import litellm

    if any(name.endswith(("api_key", "api_base", "base_url")) for name in deployment.params):
        return ()
    missing: Sequence[str] = litellm.validate_environment(deployment.model)["missing_keys"]
    return [name for name in missing if name.endswith(("_KEY", "_TOKEN"))]


async def _close_connections(loop: asyncio.AbstractEventLoop) -> None:
    import litellm

    clients: dict[str, Any] = litellm.in_memory_llm_clients_cache.cache_dict
    for key in [key for key in clients if key.endswith(f"-{id(loop)}")]:
        client = clients.pop(key)
        closed = client.close() if hasattr(client, "close") else None
        if inspect.isawaitable(closed):
            await closed
