"""What a team writes itself in front of a provider: FastAPI with the openai SDK behind it, and with httpx.

Both run in .venv-bench: uvicorn --app-dir tests/bench forwarders:sdk, with BENCH_UPSTREAM for the provider.
"""

import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI
from starlette.background import BackgroundTask

UPSTREAM = os.environ["BENCH_UPSTREAM"]
KEY = "sk-bench"

sdk = FastAPI()
raw = FastAPI()

_openai = AsyncOpenAI(api_key=KEY, base_url=UPSTREAM)
_httpx = httpx.AsyncClient(
    base_url=UPSTREAM,
    headers={"authorization": f"Bearer {KEY}"},
    timeout=60,
    limits=httpx.Limits(max_connections=1000, max_keepalive_connections=100),  # as the openai SDK has them
)


@sdk.post("/v1/chat/completions")
async def chat_by_sdk(body: dict[str, Any]) -> Response:
    answer = await _openai.chat.completions.create(**body)
    if body.get("stream"):
        return StreamingResponse(_events(answer), media_type="text/event-stream")
    return Response(answer.model_dump_json(), media_type="application/json")


@raw.post("/v1/chat/completions")
async def chat_by_httpx(request: Request) -> Response:
    body = await request.json()
    asked = _httpx.build_request("POST", "/chat/completions", json=body)
    answer = await _httpx.send(asked, stream=bool(body.get("stream")))
    if body.get("stream"):
        close = BackgroundTask(answer.aclose)
        return StreamingResponse(
            answer.aiter_raw(), answer.status_code, media_type="text/event-stream", background=close
        )
    return Response(answer.content, answer.status_code, media_type="application/json")


@sdk.get("/readyz")
@raw.get("/readyz")
async def ready() -> dict[str, str]:
    return {"status": "ready"}


async def _events(chunks: Any) -> AsyncIterator[str]:
    async for chunk in chunks:
        yield f"data: {chunk.model_dump_json()}\n\n"
    yield "data: [DONE]\n\n"
