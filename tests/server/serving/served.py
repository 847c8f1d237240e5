"""haymow's serving operations on a real server over loopback, with a registry and secrets that tests hold in memory."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import openai
import uvicorn
from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionUserMessageParam
from starlette.requests import Request

from haymow.egress import Egress, allowances
from haymow.errors import NotFound, Unauthenticated
from haymow.server.access.rules import Person, Principal, Role
from haymow.server.http.gate import Dialect, Gate
from haymow.server.http.operations import Routing
from haymow.server.limits.service import Limits
from haymow.server.registry.rules import Definition, Model, Usable
from haymow.server.serving import Pool, Serving, routes
from haymow.server.serving.live import Upstream
from haymow.server.serving.routes import ServingRoutes
from haymow.server.serving.rules import ResolvedSecrets
from haymow.server.serving.service import Sources
from tests.abuse.raw import connect, request
from tests.threads import ServerThread
from tests.waiting import wait_until

TOKEN = "hm_test"
KEY = "sk-canary-5f1d"
DIALECT = Dialect(routes.ADDRESSES, routes.NAMES, routes.problem_in_openai)
LOOPBACK = Egress(allowances("127.0.0.1:*"))
CREATED = datetime(2026, 11, 1, tzinfo=UTC)
OPENAI = "haystack.components.generators.chat.openai.OpenAIChatGenerator"
HELLO: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "Hello?"}]
WEATHER: ChatCompletionFunctionToolParam = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}

_NO_RECEIPTS: Any = None
"""No request here has an Idempotency-Key; those that have one are in tests/server/receipts, on the whole house."""

PRINCIPAL = Principal(Person(UUID(int=7), "Ada", "L"), UUID(int=8), Role.USER, {})


def openai_config(url: str, **parameters: Any) -> dict[str, Any]:
    """A definition of an OpenAI generator that calls `url`."""
    return {"type": OPENAI, "init_parameters": {"model": "scripted", "api_base_url": url, **parameters}}


def new_model(name: str, config: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> Model:
    """A model of the workspace in its first revision."""
    definition = Definition(name, "openai", json.dumps(config), json.dumps(schema or {}), (("OPENAI_API_KEY",),))
    return Model(UUID(int=1), uuid4(), definition, 1, "t1", CREATED, None, CREATED, None)


class Served:
    """The server. Tests change `models` and `secrets` (name -> value, version) while it runs; `builds` counts."""

    def __init__(self, timeout: float = 20.0, most: int = 8, direct: bool = True, egress: Egress = LOOPBACK) -> None:
        self.workspace_id = uuid4()
        self.models: dict[str, Model] = {}
        self.secrets: dict[str, tuple[str, int]] = {"OPENAI_API_KEY": (KEY, 1)}
        self.builds = 0
        self.pool: Pool[Any] = Pool(most)
        serving = Serving(
            Sources(self._version, self._find, self._usable, self._secrets_of),
            pool=self.pool, upstream=Upstream(egress, timeout, direct),
            now=lambda: CREATED, new_id=uuid4,
        )  # fmt: skip
        app = Gate(
            Routing(ServingRoutes(serving, _NO_RECEIPTS, Limits(), _still_allowed).operations(), _authenticate), DIALECT
        )
        config = uvicorn.Config(app, loop="asyncio", log_level="critical", lifespan="off")
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._server = ServerThread(config, "served", self._socket)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reset()
        self._server.stop()

    def reset(self) -> None:
        """Back to the state in which it started, for the next test."""
        asyncio.run_coroutine_threadsafe(self.pool.close(), self._server.loop).result(5)
        self.models.clear()
        self.secrets.clear()
        self.secrets["OPENAI_API_KEY"] = (KEY, 1)
        self.builds = 0

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._socket.getsockname()
        return str(host), int(port)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address[1]}/api/v2/workspaces/{self.workspace_id}/openai/v1"

    def add(self, name: str, config: Mapping[str, Any], schema: Mapping[str, Any] | None = None) -> Model:
        """Register a model."""
        self.models[name] = new_model(name, config, schema)
        return self.models[name]

    def update(self, name: str, config: Mapping[str, Any]) -> None:
        """Give a model its next revision."""
        model = self.models[name]
        definition = model.definition._replace(chat_generator_config=json.dumps(config))
        self.models[name] = model._replace(definition=definition, revision=model.revision + 1)

    def openai(self, token: str = TOKEN) -> openai.OpenAI:
        """OpenAI's SDK as a user sets it up; it tries once, so that tests see the first answer."""
        return openai.OpenAI(api_key=token, base_url=self.url, max_retries=0)

    def post(self, body: object, **headers: str) -> httpx.Response:
        """POST a chat without any SDK."""
        return httpx.post(
            f"{self.url}/chat/completions",
            json=body,
            headers={"authorization": f"Bearer {TOKEN}", **headers},
            timeout=30,
            trust_env=False,
        )

    def leave(self, body: object, when: Callable[[], bool]) -> None:
        """POST a chat, and go away once `when` says so, which is before its answer."""
        path = urlsplit(f"{self.url}/chat/completions").path
        text = json.dumps(body).encode()
        with closing(connect(self.url)) as connection:
            connection.sendall(request("POST", path, TOKEN, [("Content-Type", "application/json")], text))
            wait_until(when)

    async def _find(self, principal: Principal, workspace_id: UUID, name: str) -> Model:
        by_id = {str(model.model_id): model for model in self.models.values()}
        model = self.models.get(name) or by_id.get(name)
        if workspace_id != self.workspace_id or model is None:
            raise NotFound("There is no model of this name in the workspace.", code="model_not_found")
        return model

    async def _version(self, principal: Principal, workspace_id: UUID) -> int:
        models = [(name, model.model_id, model.revision) for name, model in self.models.items()]
        return hash((*models, *self.secrets.items()))

    async def _usable(self, principal: Principal, workspace_id: UUID, after: str | None, limit: int) -> list[Usable]:
        found = [Usable(model.name, model.provider, model.created_at) for model in self.models.values()]
        return [model for model in sorted(found) if after is None or model.name > after][:limit]

    async def _secrets_of(self, principal: Principal, workspace_id: UUID, model: Model) -> ResolvedSecrets:
        secrets = dict(self.secrets)
        versions = tuple((UUID(bytes=name.ljust(16)[:16].encode()), version) for name, (_, version) in secrets.items())
        return ResolvedSecrets(versions, self._reveal)

    async def _reveal(self) -> Mapping[str, str]:
        self.builds += 1
        return {name: value for name, (value, _) in self.secrets.items()}


async def _authenticate(request: Request) -> Principal:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        raise Unauthenticated("The token is not valid.")
    return PRINCIPAL


async def _still_allowed(request: Request, workspace_id: UUID) -> None:
    """Nobody loses a right here."""
