"""Two bare ASGI applications: an echo, the most that uvicorn can do, and a provider that answers at once.

Both run in .venv-bench: uvicorn --app-dir tests/bench bare:echo
"""

import json
from typing import Any

TEXT = "Hello"

_COMPLETION = json.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": "scripted-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": TEXT, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        "system_fingerprint": "fp_bench",
    }
).encode()


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Give back the body."""
    await _answer(send, await _body(receive))


async def upstream(scope: Any, receive: Any, send: Any) -> None:
    """Answer every chat with the same completion, in OpenAI's format."""
    await _body(receive)
    await _answer(send, _COMPLETION)


async def _body(receive: Any) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _answer(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
