"""Every provider at once: a scripted server over TLS that speaks the wire format of the host it is called by.

with Cloud() as cloud:
    egress = cloud.egress("api.anthropic.com")      # leads the true name to this server, and trusts its certificate
    cloud.script(Reply("Moo"), Fails(429))
    ... call https://api.anthropic.com/v1/messages ...
    cloud.seen[-1].headers["x-api-key"]
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType, TracebackType
from typing import Any, Self

import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from haymow.egress import Egress, allowances
from haymow.egress.lookups import Target
from haymow.generators import generators
from tests.answers import Fails, Garbles, Hangs
from tests.providers.replies import Reply
from tests.providers.wires import anthropic, bedrock, cohere, google, ollama, openai, responses
from tests.threads import ServerThread
from tests.upstream import Seen

WIRES: Mapping[str, ModuleType] = {
    "/api/chat": ollama,
    "/anthropic/v1/messages": anthropic,
    "/chat/completions": openai,
    "/converse": bedrock,
    "/converse-stream": bedrock,
    "/responses": responses,
    "/v1/messages": anthropic,
    "/v2/chat": cohere,
    ":generateContent": google,
    ":streamGenerateContent": google,
}


@dataclass(frozen=True)
class Dies:
    """A stream that breaks off before its last two parts, or sooner: with the provider's own words for it, or none."""

    after: int = -2
    words: str | None = None


Answer = Reply | Fails | Garbles | Hangs | Dies


class Cloud:
    """The server; `seen` are the requests, with the query in their path; `resolved` the names that were looked up.

    `abandoned` counts hanging answers whose caller went away before their end.
    """

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.resolved: list[str] = []
        self.abandoned = 0
        self._answers: deque[Answer] = deque()
        self._authority = trustme.CA()
        self._trust = ssl.create_default_context(cadata=self._authority.cert_pem.bytes().decode())
        route = Route("/{path:path}", self._answer, methods=["GET", "POST"])
        self._app = Starlette(routes=[route])

    def __enter__(self) -> Self:
        with TemporaryDirectory() as folder:
            file = Path(folder, "server.pem")
            self._authority.issue_cert(*sorted(_names())).private_key_and_cert_chain_pem.write_to_path(str(file))
            config = uvicorn.Config(self._app, port=0, log_level="critical", lifespan="off", ssl_certfile=str(file))
            config.load()
        self._server = ServerThread(config, "cloud")
        self._server.start()
        self.port = self._server.port
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    def reset(self) -> None:
        """Forget what was seen and scripted, for the next test."""
        self.seen.clear()
        self.resolved.clear()
        self.abandoned = 0
        self._answers.clear()

    def script(self, *answers: Answer) -> None:
        """Give these answers, in this order, to the next calls; then Reply("Hello") again and again."""
        self._answers.extend(answers)

    def egress(self, allowed: str = "127.0.0.1:*", **settings: Any) -> Egress:
        """A policy under which every name is this server's."""
        settings = {"resolve": self._resolve, "certificates": self.trusting, **settings}
        return Egress(allowances(allowed), **settings)

    @property
    def connections(self) -> int:
        """The connections that are open."""
        return len(self._server.server_state.connections)

    async def _hang(self, request: Request, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while (await request.receive())["type"] != "http.disconnect":
                    pass
            self.abandoned += 1
        except TimeoutError:
            pass

    async def _resolve(self, host: str, port: int) -> list[Target]:
        self.resolved.append(host)
        return [Target("127.0.0.1", self.port)]

    def trusting(self) -> ssl.SSLContext:
        """TLS that trusts this server's authority."""
        return self._trust

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        self.seen.append(_seen(request, body))
        wire = next(WIRES[end] for end in WIRES if request.url.path.endswith(end))
        answer = self._answers.popleft() if self._answers else Reply()
        match answer:
            case Fails():
                text, headers = wire.failure(answer.status, answer.text)
                return Response(text, answer.status, {**headers, **answer.headers}, "application/json")
            case Garbles():
                return Response(answer.body, answer.status, media_type=answer.media_type)
            case Hangs():
                await self._hang(request, answer.seconds)
                return Response(status_code=504)
        if wire.streams(self.seen[-1].path, self.seen[-1].body):
            return StreamingResponse(_parts(answer, wire), media_type=wire.STREAMED)
        assert isinstance(answer, Reply)
        text, media_type = wire.whole(answer)
        return Response(text, media_type=media_type)


_REGIONAL = ("aiplatform.googleapis.com", "bedrock-runtime.eu-central-1.amazonaws.com", "barn.services.ai.azure.com")


def _names() -> set[str]:
    """The hosts of all providers; and those of tests, under `example`."""
    hosts = {info.default_host.rpartition(":")[0] for info in generators() if info.default_host}
    return {*hosts, *_REGIONAL, "azure.example", "ollama.example", "vllm.example"}


async def _parts(answer: Reply | Dies, wire: ModuleType) -> AsyncIterator[bytes]:
    if isinstance(answer, Reply):
        for part in wire.stream(answer):
            yield part
        return
    for part in wire.stream(Reply("Hello there"))[: answer.after]:
        yield part
    if answer.words is None:
        raise ConnectionResetError("scripted: the connection breaks")
    yield wire.failure_in_stream(answer.words)


def _seen(request: Request, body: bytes) -> Seen:
    assert request.client is not None
    query = f"?{request.url.query}" if request.url.query else ""
    document = json.loads(body) if body else None
    return Seen(request.method, request.url.path + query, dict(request.headers), document, request.client.port)
