"""HaymowChatGenerator: a model of haymow's in a Haystack pipeline."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final, Literal
from weakref import finalize

from haystack import component, default_from_dict, default_to_dict
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage, ComponentInfo, StreamingCallbackT
from haystack.tools import ToolsType, deserialize_tools_or_toolset_inplace, serialize_tools_or_toolset
from haystack.utils import Secret, deserialize_callable, serialize_callable

from haymow.generators import host_and_port
from haystack_integrations.components.generators.haymow.definitions import definition_from
from haystack_integrations.components.generators.haymow.forks import start_anew_when_forked
from haystack_integrations.components.generators.haymow.kept import Kept
from haystack_integrations.components.generators.haymow.keys import keys_from
from haystack_integrations.components.generators.haymow.live import LiveGenerators
from haystack_integrations.components.generators.haymow.local import Local
from haystack_integrations.components.generators.haymow.registry import Place, Registry
from haystack_integrations.components.generators.haymow.remote import Remote
from haystack_integrations.components.generators.haymow.source import Choice, Source
from haystack_integrations.components.generators.haymow.streams import told_as

_API_KEY: Final = Secret.from_env_var("HAYMOW_API_KEY")
_USED: Final = ("_source", "_live", "_dropped")
"""What a copy of a component does not share with it."""


@component
class HaymowChatGenerator:
    """
    Chats with a model that is registered in haymow, by its name and as its definition says today.

    In remote mode, the default, haymow makes the call and the provider's key never leaves it. In local mode the
    definition is fetched from haymow and its generator is built in this process, with keys of this environment.

    ### Usage example
    ```python
    from haystack.dataclasses import ChatMessage
    from haystack_integrations.components.generators.haymow import HaymowChatGenerator

    generator = HaymowChatGenerator(model="assistant", workspace="default")  # HAYMOW_API_KEY is a token of haymow's
    print(generator.run([ChatMessage.from_user("What is the capital of France?")])["replies"][0].text)
    ```
    """

    def __init__(
        self,
        model: str,
        workspace: str,
        api_base_url: str = "http://127.0.0.1:8000",
        api_key: Secret = _API_KEY,
        mode: Literal["remote", "local"] = "remote",
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        tools: ToolsType | None = None,
        tools_strict: bool = False,
        timeout: float | None = None,
        max_retries: int | None = None,
        http_client_kwargs: dict[str, Any] | None = None,
        refresh_definition_every: float = 60.0,
        keep_definition_for: float = 3600.0,
        local_hosts: dict[str, list[str]] | None = None,
    ) -> None:
        """
        Creates an instance of HaymowChatGenerator. Nothing is asked of haymow before the first run.

        :param model: The model's name as the workspace sees it, or its id; `name@3` is its revision 3.
        :param workspace: The workspace's name, or its id.
        :param api_base_url: haymow's own address, such as `https://haymow.example.com`.
        :param api_key: A token of haymow's.
        :param mode: `remote`, or `local`.
        :param streaming_callback: Called with each chunk of an answer; with it answers are streamed.
        :param generation_kwargs: Parameters of each call, of those that the model's definition lets callers set. They
            lie over the definition's own defaults, and `generation_kwargs` of a run over them. In remote mode they have
            OpenAI's names, in local mode those of the definition's generator.
        :param tools: Tools, or a Toolset, for which the model may prepare calls.
        :param tools_strict: Whether calls of tools have to follow their schemas; for generators of OpenAI's kind.
        :param timeout: Seconds that an answer, or the next part of a stream, may take. By default 125 in remote mode,
            the definition's own in local mode.
        :param max_retries: How often a failed call is made again. By default 2 in remote mode, the definition's own in
            local mode.
        :param http_client_kwargs: Settings of the httpx client that calls haymow, such as `verify` for a certificate
            authority of your own.
        :param refresh_definition_every: Local mode: the definition is fetched again by a run when it is this many
            seconds old; 0 fetches it with each run. Its generator is built anew only when it has changed.
        :param keep_definition_for: Local mode: how many seconds after haymow was last reached the definition is still
            used while haymow is away.
        :param local_hosts: Local mode: hosts beside the providers' own that a definition may call, each with the names
            of the environment variables that may be sent there:
            `{"llm.example.com": ["LLM_API_KEY"], "http://10.0.0.5:11434": []}`.
        :raises ValueError: When `mode`, `api_base_url`, `api_key`, `timeout` or `local_hosts` cannot be meant.
        """
        self.model = model
        self.workspace = workspace
        self.api_base_url = api_base_url.rstrip("/")
        self.api_key = api_key
        self.mode = mode
        self.streaming_callback = streaming_callback
        self.generation_kwargs = generation_kwargs or {}
        self.tools = tools
        self.tools_strict = tools_strict
        self.timeout = timeout
        self.max_retries = max_retries
        self.http_client_kwargs = http_client_kwargs
        self.refresh_definition_every = refresh_definition_every
        self.keep_definition_for = keep_definition_for
        self.local_hosts = local_hosts
        self._start_anew()

    def _start_anew(self) -> None:
        registry = Registry(Place(self.api_base_url, self.workspace, self.api_key, self.http_client_kwargs))
        self._source = self._new_source(registry)
        self._live = LiveGenerators()
        self._dropped = finalize(self, _close_what_was_left, registry, self._live)
        self._dropped.atexit = False
        start_anew_when_forked(self, HaymowChatGenerator._fork)

    def _fork(self) -> tuple[Any, ...]:
        """Begin anew in a process that was forked. Gives the connections of its parent, of which none is closed."""
        before, left = self._source, self._dropped.detach()
        self._start_anew()
        self._source.take_over(before)
        return left[2] if left else ()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in _USED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._start_anew()

    def _new_source(self, registry: Registry) -> Source:
        host_and_port(self.api_base_url)
        if not isinstance(self.api_key, Secret):
            raise ValueError('`api_key` is a Secret, such as Secret.from_env_var("HAYMOW_API_KEY"), and no text.')
        timeout: Any = self.timeout  # YAML may hold anything
        if timeout is not None and not (isinstance(timeout, int | float) and timeout > 0):
            raise ValueError("`timeout` is a number of seconds above 0.")
        if self.mode == "remote":
            return Remote(registry, self.model, self.timeout, self.max_retries)
        if self.mode != "local":
            raise ValueError("`mode` is `remote` or `local`.")
        definitions = Kept(
            lambda: definition_from(registry.model(self.model)), self.refresh_definition_every, self.keep_definition_for
        )
        overrides = {"timeout": self.timeout, "max_retries": self.max_retries}
        return Local(registry, definitions, keys_from(self.local_hosts), overrides)

    def to_dict(self) -> dict[str, Any]:
        """
        Serialize this component to a dictionary.

        :returns: The serialized component.
        """
        # Haystack's own generator knows how to write a class of pydantic's as `response_format`.
        twin = OpenAIChatGenerator(api_key=self.api_key, generation_kwargs=self.generation_kwargs).to_dict()
        return default_to_dict(
            self,
            model=self.model,
            workspace=self.workspace,
            api_base_url=self.api_base_url,
            api_key=self.api_key,
            mode=self.mode,
            streaming_callback=serialize_callable(self.streaming_callback) if self.streaming_callback else None,
            generation_kwargs=twin["init_parameters"]["generation_kwargs"],
            tools=serialize_tools_or_toolset(self.tools),
            tools_strict=self.tools_strict,
            timeout=self.timeout,
            max_retries=self.max_retries,
            http_client_kwargs=self.http_client_kwargs,
            refresh_definition_every=self.refresh_definition_every,
            keep_definition_for=self.keep_definition_for,
            local_hosts=self.local_hosts,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> HaymowChatGenerator:
        """
        Deserialize this component from a dictionary.

        :param data: What `to_dict` wrote.
        :returns: The component.
        """
        parameters = dict(data.get("init_parameters", {}))
        deserialize_tools_or_toolset_inplace(parameters, key="tools")
        if parameters.get("streaming_callback"):
            parameters["streaming_callback"] = deserialize_callable(parameters["streaming_callback"])
        return default_from_dict(cls, {**data, "init_parameters": parameters})

    def warm_up(self) -> None:
        """Does nothing: the first run asks haymow, so that a pipeline starts while haymow is away."""

    async def warm_up_async(self) -> None:
        """Does nothing, as `warm_up`."""

    def close(self) -> None:
        """Releases the connections of `run`; the next run opens new ones."""
        self._source.close()
        self._live.close()

    async def close_async(self) -> None:
        """Releases the connections of `run_async` on this event loop; the next run opens new ones."""
        self._source.close()
        await self._live.close_async()

    @component.output_types(replies=list[ChatMessage])
    def run(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        *,
        tools: ToolsType | None = None,
        tools_strict: bool | None = None,
    ) -> dict[str, list[ChatMessage]]:
        """
        Chats with the model.

        :param messages: The conversation; a string is a message of the user.
        :param streaming_callback: Called with each chunk, in place of the one given at initialization.
        :param generation_kwargs: Parameters of this call; they lie over those given at initialization, key by key.
        :param tools: Tools for this call, in place of those given at initialization.
        :param tools_strict: In place of `tools_strict` given at initialization.
        :returns: `replies`, a list of ChatMessage.
        :raises haymow.errors.HaymowError: NotFound, Unauthenticated, Unavailable, Invalid, Denied or Conflict, with a
            message that says what to do. What the provider refuses is raised as its SDK raises it.
        """
        choice = self._source.choice()
        more = self._arguments(choice, streaming_callback, generation_kwargs, tools, tools_strict)
        with choice.explaining(), self._live.lent(choice.key, choice.build) as generator:
            return {"replies": generator.run(messages=messages, **more)["replies"]}

    @component.output_types(replies=list[ChatMessage])
    async def run_async(
        self,
        messages: list[ChatMessage] | str,
        streaming_callback: StreamingCallbackT | None = None,
        generation_kwargs: dict[str, Any] | None = None,
        *,
        tools: ToolsType | None = None,
        tools_strict: bool | None = None,
    ) -> dict[str, list[ChatMessage]]:
        """
        Chats with the model, as `run` does, without blocking the event loop.

        :param messages: The conversation; a string is a message of the user.
        :param streaming_callback: Called with each chunk, in place of the one given at initialization; a coroutine.
        :param generation_kwargs: Parameters of this call; they lie over those given at initialization, key by key.
        :param tools: Tools for this call, in place of those given at initialization.
        :param tools_strict: In place of `tools_strict` given at initialization.
        :returns: `replies`, a list of ChatMessage.
        :raises haymow.errors.HaymowError: As `run`.
        """
        choice = self._source.known()
        if choice is None:
            choice = await asyncio.to_thread(self._source.choice)
        more = self._arguments(choice, streaming_callback, generation_kwargs, tools, tools_strict)
        with choice.explaining():
            async with self._live.lent_async(choice.key, choice.build) as generator:
                result = await generator.run_async(messages=messages, **more)
                return {"replies": result["replies"]}

    def _arguments(
        self,
        choice: Choice,
        streaming_callback: StreamingCallbackT | None,
        generation_kwargs: dict[str, Any] | None,
        tools: ToolsType | None,
        tools_strict: bool | None,
    ) -> dict[str, Any]:
        callback = streaming_callback or self.streaming_callback
        arguments: dict[str, Any] = {
            "streaming_callback": told_as(ComponentInfo.from_component(self), callback) if callback else None,
            "generation_kwargs": choice.accepted({**self.generation_kwargs, **(generation_kwargs or {})}),
        }
        if (wanted := self.tools if tools is None else tools) is not None:
            arguments["tools"] = wanted
        if self.tools_strict if tools_strict is None else tools_strict:
            arguments["tools_strict"] = True  # not every generator has it
        return arguments


def _close_what_was_left(registry: Registry, live: LiveGenerators) -> None:
    """Close what a component used that was dropped without being closed."""
    with suppress(Exception):  # nobody is there to be told
        registry.close()
        live.close_everywhere()
