"""Live generators are built once and kept, and never outlive what they were built from."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor

from tests.answers import Says
from tests.server.serving.served import HELLO, KEY, Served, openai_config
from tests.upstream import Upstream
from tests.waiting import wait_until

CHAT = {"model": "fast", "messages": HELLO}


def test_calls_after_the_first_use_its_generator_and_its_connection(served: Served, upstream: Upstream) -> None:
    for _ in range(5):
        assert served.post(CHAT).status_code == 200
    assert served.builds == 1
    assert len(upstream.connections) == 1


def test_first_calls_at_once_build_once(served: Served, upstream: Upstream) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: served.post(CHAT).status_code, range(8)))
    assert answers == [200] * 8
    assert served.builds == 1


def test_the_next_call_after_an_update_is_by_the_new_definition(served: Served, upstream: Upstream) -> None:
    served.post(CHAT)
    with Upstream() as other:
        served.update("fast", {**openai_config(other.url, model="newer")})
        assert served.post(CHAT).status_code == 200
        assert other.seen[-1].body["model"] == "newer"
    assert len(upstream.seen) == 1
    wait_until(lambda: len(served.pool) == 1)


def test_the_next_call_after_a_new_secret_carries_it(served: Served, upstream: Upstream) -> None:
    served.post(CHAT)
    served.secrets["OPENAI_API_KEY"] = ("sk-rotated", 2)
    served.post(CHAT)
    assert [seen.headers["authorization"] for seen in upstream.seen] == [f"Bearer {KEY}", "Bearer sk-rotated"]
    assert len(served.pool) == 1


def test_a_failed_build_is_not_kept(served: Served) -> None:
    served.secrets.clear()
    assert served.post(CHAT).status_code == 409
    served.secrets["OPENAI_API_KEY"] = (KEY, 1)
    assert served.post(CHAT).status_code == 200


def test_a_call_under_way_survives_the_update_of_its_model(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("old words", pieces=5, pause=0.1))
    with served.openai().chat.completions.create(model="fast", messages=HELLO, stream=True) as stream:
        next(stream)
        served.update("fast", openai_config(upstream.url, model="newer"))
        assert served.post(CHAT).status_code == 200
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == "old words"


def test_a_kept_connection_that_the_provider_closes_just_then_costs_no_answer(served: Served) -> None:
    """Its idle time was over as the call went out: nothing was answered, so the call is made again, once."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        giving_up = threads.submit(_answer_every_connection_once, listener, 2)
        served.update("fast", {**openai_config(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")})
        assert [served.post(CHAT).status_code for _ in range(2)] == [200, 200]
        giving_up.result(timeout=10)


def _answer_every_connection_once(listener: socket.socket, connections: int) -> None:
    """Answer the first call on each connection, and close it as the second one comes."""
    answer = json.dumps({
        "id": "1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}],
    }).encode()  # fmt: skip
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(answer)
    for number in range(connections):
        connection, _ = listener.accept()
        with connection:
            _read_call(connection)
            connection.sendall(head + answer)
            if number + 1 < connections:
                _read_call(connection)


def _read_call(connection: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65536)
    head, _, body = head.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
