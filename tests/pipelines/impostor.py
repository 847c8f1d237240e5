"""Something that is not haymow, and tells components of models."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from haystack_integrations.components.generators.haymow import HaymowChatGenerator
from tests.pipelines.house import key


class Impostor:
    """Something that answers at an address as haymow would, and whatever it is told to: path -> (status, body)."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        impostor = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                impostor.asked.append(self.path)
                status, body = impostor.answers.get(path, (404, b'{"code": "not_found"}'))
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, content: Any, status: int = 200) -> None:
        """Answer this to whoever asks for `path`."""
        self.answers[path] = (status, content if isinstance(content, bytes) else json.dumps(content).encode())


WORKSPACE = "11111111-2222-4333-8444-555555555555"
MODEL = "11111111-2222-4333-8444-666666666666"
MODELS = f"/api/v2/workspaces/{WORKSPACE}/models"


def told(impostor: Impostor, config: Any, schema: Any = None, **more: Any) -> HaymowChatGenerator:
    """A component whose definition comes from something that is not haymow."""
    model = {
        "model_id": MODEL,
        "name": "m",
        "chat_generator_config": config,
        "generation_kwargs": {} if schema is None else schema,
    }
    impostor.answer(MODELS, {"data": [model], "has_more": False, "total": 1})
    given = {"api_base_url": impostor.url, "mode": "local", "api_key": key("hm_x"), **more}
    return HaymowChatGenerator("m", WORKSPACE, **given)
