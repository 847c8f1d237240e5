"""Remote mode: chats go to haymow's OpenAI-compatible endpoint, and a provider's key never leaves haymow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from inspect import signature
from typing import Any, Final
from uuid import UUID

import openai
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret
from openai.resources.chat.completions import Completions

from haymow.errors import Invalid, Unavailable
from haymow.generators.parameters.checks import is_denied
from haystack_integrations.components.generators.haymow.parameters import as_json
from haystack_integrations.components.generators.haymow.registry import Registry
from haystack_integrations.components.generators.haymow.source import DENIED, Choice, Parameters, Source

TIMEOUT: Final = 125.0
"""Seconds; haymow itself gives a chat up after 120, and says so."""
RETRIES: Final = 2


@dataclass(frozen=True, slots=True)
class Remote:
    """Haystack's own generator for OpenAI's protocol, at the workspace's address."""

    registry: Registry
    model: str
    timeout: float | None
    max_retries: int | None

    def known(self) -> Choice | None:
        """The choice when the workspace's id is known."""
        workspace_id = self.registry.known_workspace_id
        if workspace_id is None:
            return None
        return self._choice(workspace_id)

    def choice(self) -> Choice:
        """The choice; asks for the id of a workspace that is given by its name."""
        return self._choice(self.registry.workspace_id())

    def take_over(self, before: Source) -> None:
        """Nothing: every chat asks haymow."""

    def close(self) -> None:
        """Close the connection that asked for the workspace's id."""
        self.registry.close()

    def _choice(self, workspace_id: UUID) -> Choice:
        key = self.registry.place.key()  # a key that is missing is said here, in better words than the SDK's
        return Choice((workspace_id, key), lambda: self._built(workspace_id, key), _accepted, self._explaining)

    def _built(self, workspace_id: UUID, key: str) -> Any:
        place = self.registry.place
        return _HangingUp(
            api_key=Secret.from_token(key),
            model=self.model,
            api_base_url=f"{place.api_base_url}/api/v2/workspaces/{workspace_id}/openai/v1",
            timeout=TIMEOUT if self.timeout is None else self.timeout,
            max_retries=RETRIES if self.max_retries is None else self.max_retries,
            http_client_kwargs=place.http_client_kwargs,
        )

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        place = self.registry.place
        try:
            yield
        except openai.AuthenticationError as error:
            raise place.refused() from error
        except openai.NotFoundError as error:
            self.registry.forget_workspace()
            raise place.no_workspace() if error.code == "workspace_not_found" else place.no_model(self.model) from error
        except openai.APITimeoutError as error:
            raise Unavailable(f"haymow at {place.api_base_url} did not answer in time: see `timeout`.") from error
        except openai.APIConnectionError as error:
            raise place.away() from error


class _HangingUp(OpenAIChatGenerator):
    """Haystack's own, which hangs up where a callback raises: else the model talks on until garbage is collected."""

    def _handle_stream_response(self, chat_completion: Any, callback: Any) -> list[ChatMessage]:
        try:
            return super()._handle_stream_response(chat_completion, callback)
        except BaseException:
            chat_completion.close()
            raise

    async def _handle_async_stream_response(self, chat_completion: Any, callback: Any) -> list[ChatMessage]:
        try:
            return await super()._handle_async_stream_response(chat_completion, callback)
        except Exception:  # it closes the stream of a task that is cancelled itself
            await chat_completion.close()
            raise


def _accepted(call: Parameters) -> Parameters:
    """The parameters of a call as OpenAI's SDK takes them: apart, those of other providers that it has no word for.

    Whether the model takes them is haymow's to say.
    """
    as_json(call)
    if any(map(is_denied, call)):
        raise Invalid(DENIED)
    known = {name: value for name, value in call.items() if name in _known_to_openai()}
    others = {name: value for name, value in call.items() if name not in known}
    return {**known, **({"extra_body": others} if others else {})}


@cache
def _known_to_openai() -> frozenset[str]:
    return frozenset(signature(Completions.create).parameters)
