"""A bare ASGI application, the most that uvicorn can do: an echo.

Runs in .venv-bench: uvicorn --app-dir tests/bench bare:echo
"""

from typing import Any


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Give back the body."""
    await _answer(send, await _body(receive))


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
