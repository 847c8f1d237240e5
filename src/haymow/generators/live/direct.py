"""What a generator on OpenAI's SDK would send, without the SDK sending it.

The SDK takes ten times as long as the call itself. So haymow asks the generator what it would send: address, headers
and the order of the body's keys once, when it is built, by letting it call into a recorder; the parameters of each call
by the same method that the generator itself calls. Where a recorded call and haymow's own differ in a byte, there is no
direct lane, and every call goes through the generator.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from haymow.egress import Door
from haymow.generators.live.chat import messages_from, plain_messages
from haymow.generators.live.clients import ClientSettings
from haymow.generators.live.clients.openai import cleaned, openai_clients

if TYPE_CHECKING:
    import httpx2
    from haystack.dataclasses import ChatMessage
    from haystack.tools.tool import Tool
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)

_PATH: Final = "/chat/completions"
_NOT_IN_THE_BODY: Final = frozenset({"self", "extra_headers", "extra_query", "extra_body", "timeout"})
_OF_THE_CONNECTION: Final = frozenset({"host", "content-length", "connection"})


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it goes out, but for what the connection adds to its headers."""

    url: str
    headers: Mapping[str, str] = field(repr=False)  # the key is in them
    body: bytes = field(repr=False)


class _Kind(NamedTuple):
    """Requests that differ in nothing but their body."""

    endpoint: str
    stream: bool


class _Order(NamedTuple):
    """The keys of the bodies that a method of the SDK sends, in their order, and what it adds of its own."""

    keys: tuple[str, ...]
    added: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Direct:
    """Makes the requests that a generator would make, from recorded ones.

    With `keeps_plain`, the generator sends messages that are plain text as they are: they are not converted and back.
    """

    component: Any = field(repr=False)
    templates: Mapping[_Kind, Sent] = field(repr=False)
    orders: Mapping[str, _Order] = field(repr=False)
    keeps_plain: bool = False

    def request(
        self, messages: Sequence[object], tools: list[Tool] | None, parameters: Mapping[str, Any], *, stream: bool
    ) -> Sent:
        """The request of a chat in OpenAI's messages.

        Raises Invalid as `messages_from` does, and TypeError for a parameter that the SDK does not take, in its words.
        """
        plain = plain_messages(messages) if self.keeps_plain else None
        said = self.component._prepare_api_call(
            messages=messages_from(messages) if plain is None else [],
            streaming_callback=_never if stream else None,
            generation_kwargs=dict(parameters),
            tools=tools,
        )
        if plain is not None:
            said["messages"] = plain
        endpoint = said.pop("openai_endpoint", "create")
        template = self.templates[_Kind(endpoint, stream)]
        return Sent(template.url, template.headers, _written(self._body(endpoint, said)))

    def _body(self, endpoint: str, said: dict[str, Any]) -> dict[str, Any]:
        more = said.pop("extra_body", None) or {}
        said.pop("extra_headers", None)  # the same with every call: the template has them
        keys, added = self.orders[endpoint]
        for name in said:
            if name not in keys:
                raise TypeError(f"{endpoint}() got an unexpected keyword argument '{name}'")
        said = {**added, **said}
        return {**{name: said[name] for name in keys if name in said}, **more}


async def learn(component: Any, settings: ClientSettings) -> Direct | None:
    """The direct lane of a warm generator whose clients have been taken over; None when it has none."""
    clients = openai_clients(component)
    if len(clients) != 1 or not hasattr(component, "_prepare_api_call"):
        return None
    [(name, client)] = clients.items()
    recorder = _Recorder()
    async with recorder.client(settings) as http:
        recording = cleaned(client, component, replace(settings, retries=0), http)
        setattr(component, name, recording)
        try:
            return await _learned(component, recording, recorder, settings.door)
        finally:
            setattr(component, name, client)


async def _learned(component: Any, client: AsyncOpenAI, recorder: _Recorder, door: Door) -> Direct | None:
    methods = (client.chat.completions.create, client.chat.completions.parse)
    orders = {method.__name__: await _order(method, recorder) for method in methods}
    templates = {
        kind: await recorder.sent(component.run_async(**_chat(kind, asked))) for kind, asked in _PROBES.items()
    }
    known = {kind: sent for kind, sent in templates.items() if sent is not None and _PATH in sent.url}
    direct = Direct(component, known, orders, _keeps_plain(component))
    if len(known) == len(_PROBES) and all(_is_the_same(direct, kind) for kind in known):
        for sent in known.values():
            door.check(sent.url)
        return direct
    log.info("%s has no direct lane as it is installed here", type(component).__name__)
    return None


async def _order(method: Callable[..., Any], recorder: _Recorder) -> _Order:
    """The order of a method's keys, from a call with every parameter."""
    parameters = inspect.signature(method).parameters.keys() - _NOT_IN_THE_BODY
    sent = await recorder.sent(method(**{**dict.fromkeys(parameters), **_FILLED}))
    body: dict[str, Any] = json.loads(sent.body) if sent else {}
    return _Order(tuple(body), {name: value for name, value in body.items() if name not in parameters})


def _is_the_same(direct: Direct, kind: _Kind) -> bool:
    chat = _chat(kind, _PROBES[kind])
    made = direct.request(_HELLO, None, chat["generation_kwargs"], stream=kind.stream)
    return made == direct.templates[kind]


def _keeps_plain(component: Any) -> bool:
    """Whether a generator sends plain messages as they are, and nothing else because of them."""

    def said(messages: list[ChatMessage]) -> dict[str, Any]:
        made: dict[str, Any] = component._prepare_api_call(
            messages=messages, streaming_callback=None, generation_kwargs={}, tools=None
        )
        return made

    try:
        return said(messages_from(_PLAIN)) == {**said([]), "messages": _PLAIN}
    except Exception as error:  # a class that takes no empty list
        log.debug("plain messages are converted: %s", type(error).__name__)
        return False


_HELLO: Final = [{"role": "user", "content": "Hello"}]
_PLAIN: Final = [{"role": role, "content": "Hello"} for role in ("system", "user", "assistant", "user", "assistant")]
_PROBES: Final[dict[_Kind, dict[str, Any]]] = {
    _Kind("create", False): {"n": 1},
    _Kind("create", True): {"n": 1},
    _Kind("parse", False): {"n": 1, "response_format": {"type": "json_object"}},
}
_FILLED: Final = {"model": "m", "messages": [], "tools": [], "response_format": {"type": "text"}}
"""Parameters that the SDK looks into; every other may be null."""


def _chat(kind: _Kind, parameters: dict[str, Any]) -> dict[str, Any]:
    callback = _never if kind.stream else None
    return {"messages": messages_from(_HELLO), "streaming_callback": callback, "generation_kwargs": parameters}


_WRITER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


async def _never(_: Any) -> None:
    """Stands for a stream's callback where nothing is streamed."""


class _Recorder:
    """Keeps a request instead of sending it."""

    def __init__(self) -> None:
        self._sent: Sent | None = None

    def client(self, settings: ClientSettings) -> httpx2.AsyncClient:
        """An HTTP client like the generator's own, but for where it leads."""
        import httpx2  # noqa: PLC0415 - comes with the openai package, as heavy

        from haymow.egress.clients import ACCEPT_ENCODING  # noqa: PLC0415 - only serving needs HTTP clients

        headers = {"accept-encoding": ACCEPT_ENCODING, **(settings.http.get("headers") or {})}
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self._record), headers=headers, trust_env=False)

    async def sent(self, call: Awaitable[Any]) -> Sent | None:
        """What a call sends; None when it fails before it sends anything."""
        self._sent = None
        try:
            await call
        except Exception as error:  # there is no answer, which each library says in its own way
            log.debug("recorded, then %s", type(error).__name__)
        return self._sent

    async def _record(self, request: httpx2.Request) -> httpx2.Response:
        headers = {
            name: value for name, value in _as_written(request.headers) if name.lower() not in _OF_THE_CONNECTION
        }
        self._sent = Sent(str(request.url), headers, request.content)
        raise ConnectionError("recorded")


def _written(body: dict[str, Any]) -> bytes:
    """JSON as the SDK writes it."""
    return _WRITER.encode(body).encode()


def _as_written(headers: httpx2.Headers) -> list[tuple[str, str]]:
    return [(name.decode("ascii"), value.decode("latin-1")) for name, value in headers.raw]
