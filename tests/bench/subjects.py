"""Everything a chat can go through on its way to the provider, all running beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.bench import bodies, gateways, provider, servers, stage
from tests.bench.ground import Ground
from tests.bench.jobs import Job
from tests.bench.servers import Server
from tests.bench.stage import Stage

STRAIGHT = "straight to the provider"
HTTPX = "FastAPI with httpx"
SDK = "FastAPI with the openai SDK"
HAYHOOKS = "hayhooks"
LITELLM = "LiteLLM proxy"
PORTKEY = "Portkey gateway"
HAYSTACK_LANE = "haymow, Haystack lane"
DIRECT_LANE = "haymow, direct lane"

_CHATS = "/v1/chat/completions"


@dataclass(frozen=True)
class Subject:
    """Where a chat is sent, and what it needs there."""

    name: str
    server: Server
    target: str = _CHATS
    model: str = "scripted-1"
    headers: Mapping[str, str] = field(default_factory=dict)

    def chats(self, **more: Any) -> Job:
        """Whole answers; one that is not the provider's is a failure."""
        body = bodies.chat(self.model)
        return Job(self.server.port, "POST", [self.target], self.headers, body, mark=provider.TEXT, **more)

    def streams(self, asking: str = "", **more: Any) -> Job:
        """Streams; one without each of the provider's pieces is a failure."""
        body = bodies.chat(self.model, stream=True, asking=asking)
        return Job(self.server.port, "POST", [self.target], self.headers, body, mark=provider.MARK,
                   marks=provider.CHUNKS, **more)  # fmt: skip


@dataclass
class Subjects:
    """Those that run, by name; `absent` says of the others why they do not."""

    running: dict[str, Subject] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


@contextmanager
def everything(ground: Ground) -> Iterator[Subjects]:
    """All subjects in front of one provider. What is not installed or does not start is left out, loudly."""
    found = Subjects()
    with ExitStack() as stack:
        upstream = stack.enter_context(gateways.provider(ground.python))
        found.running[STRAIGHT] = Subject(STRAIGHT, upstream)
        for name, start in _peers(ground, upstream).items():
            try:
                found.running[name] = stack.enter_context(start())
            except (gateways.NotInstalled, RuntimeError) as error:
                found.absent[name] = "not installed" if isinstance(error, gateways.NotInstalled) else "did not start"
                print(f"  NOT MEASURED, {name}: {error}", flush=True)
        for name in (HAYSTACK_LANE, DIRECT_LANE):
            found.running[name] = stack.enter_context(lane(name, ground.lane(), upstream))
        yield found


@contextmanager
def lane(name: str, folder: Stage, upstream: Server) -> Iterator[Subject]:
    """haymow with a token, a model whose key is a secret of its workspace, and parameters that are checked."""
    more = {"HAYMOW_DIRECT_LANE": "off"} if name == HAYSTACK_LANE else {}
    with servers.haymow(folder.data, more) as server:
        stage.add_served_model(folder, server, upstream)
        yield Subject(name, server, f"{folder.openai}/chat/completions", gateways.MODEL, folder.headers)


Start = Callable[[], AbstractContextManager[Subject]]


def _peers(ground: Ground, upstream: Server) -> dict[str, Start]:
    python = ground.python
    to_litellm = {"authorization": f"Bearer {gateways.LITELLM_KEY}"}
    to_portkey = {"authorization": "Bearer sk-bench", "x-portkey-provider": "openai",
                  "x-portkey-custom-host": f"{upstream.url}/v1"}  # fmt: skip
    return {
        HTTPX: partial(_peer, partial(gateways.forwarder, "raw", upstream, python), HTTPX),
        SDK: partial(_peer, partial(gateways.forwarder, "sdk", upstream, python), SDK),
        HAYHOOKS: partial(_peer, partial(gateways.hayhooks, upstream, python), HAYHOOKS, "/chat/completions", "chat"),
        LITELLM: partial(_peer, partial(gateways.litellm, upstream), LITELLM, _CHATS, gateways.MODEL, to_litellm),
        PORTKEY: partial(_peer, gateways.portkey, PORTKEY, _CHATS, "scripted-1", to_portkey),
    }


@contextmanager
def _peer(start: Callable[[], AbstractContextManager[Server]], name: str, *more: Any) -> Iterator[Subject]:
    with start() as server:
        yield Subject(name, server, *more)
