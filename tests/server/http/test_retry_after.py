"""Every 429 and every 503 says when to come again, whoever answers it and in whichever shape."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from haymow.errors import HaymowError, RateLimited, Unavailable
from haymow.server.http.errors import RETRY_AFTER, STATUSES_BY_CODE, problem, status_of
from haymow.server.http.gate import Dialect, Gate
from haymow.server.http.operations import Operation, Routing
from haymow.server.serving.routes import ADDRESSES, NAMES, problem_in_openai
from tests.server.http.test_errors import kinds, raised_codes

COME_AGAIN = (429, 503)
OPENAI = "/api/v2/workspaces/w/openai/v1/models"
LONGEST = 60


def test_nothing_is_429_or_503_but_what_says_when_to_come_again() -> None:
    assert not set(STATUSES_BY_CODE.values()) & set(COME_AGAIN)
    found = {kind for kind in kinds() if status_of(kind.__new__(kind)) in COME_AGAIN}
    assert {RateLimited, Unavailable} <= found
    assert all(issubclass(kind, RateLimited | Unavailable) for kind in found)


def test_each_code_of_the_table_is_raised() -> None:
    assert set(RETRY_AFTER) <= set(raised_codes())


def errors() -> list[HaymowError]:
    return [
        *(Unavailable("x", code=code) for code in (*RETRY_AFTER, "unavailable", "another")),
        *(RateLimited("x", retry_after=wait) for wait in (0, 1, 7)),
        Unavailable("x", retry_after=3),
    ]


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.code)
@pytest.mark.parametrize("render", [problem, problem_in_openai])
def test_either_shape_has_it(render: Callable[..., Any], error: HaymowError) -> None:
    answer = render(error, "r")
    assert answer.status_code in COME_AGAIN
    assert 1 <= int(answer.headers["retry-after"]) <= LONGEST


def answered(path: str, error: HaymowError, *, at_the_door: bool) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers of an answer that fails in an operation's authentication, or further out."""

    async def fail(*_: object) -> Any:
        raise error

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise error

    operations = [
        Operation("GET", "/a", fail, "A", "A."),
        Operation("GET", OPENAI, fail, "B", "B.", render=problem_in_openai),
    ]
    gate = Gate(app if at_the_door else Routing(operations, fail), Dialect(ADDRESSES, NAMES, problem_in_openai))
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"h")], "http_version": "1.1", "client": ("127.0.0.1", 1),
    }  # fmt: skip
    asyncio.run(gate(scope, fail, send))
    return sent[0]["status"], dict(sent[0]["headers"])


@pytest.mark.parametrize("at_the_door", [False, True])
@pytest.mark.parametrize("path", ["/a", OPENAI])
@pytest.mark.parametrize("error", errors(), ids=lambda error: error.code)
def test_every_way_out_has_it(path: str, error: HaymowError, at_the_door: bool) -> None:
    status, headers = answered(path, error, at_the_door=at_the_door)
    assert status in COME_AGAIN
    assert 1 <= int(headers[b"retry-after"]) <= LONGEST
    assert headers[b"content-type"] == (b"application/json" if path == OPENAI else b"application/problem+json")
