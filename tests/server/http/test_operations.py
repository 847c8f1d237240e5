"""Operations: methods, what a client accepts, and that nothing is read of who is not known. On a real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from starlette.responses import Response

from haymow.errors import Denied, HaymowError
from haymow.server.http import Call, Operation, empty, json_answer
from haymow.server.http.answers import encoded
from tests.abuse.raw import ask, connect, read_answer, request, send
from tests.server.http.served import ECHO, HELLO, Served


async def named(call: Call[Any]) -> Any:
    return json_answer({"name": call.request.path_params["name"]})


async def fixed(call: Call[Any]) -> Any:
    return json_answer({"fixed": True})


async def denied(call: Call[Any]) -> Any:
    raise Denied("No.")


async def nothing(call: Call[Any]) -> Any:
    return empty()


def rendered(error: HaymowError, request_id: str) -> Any:
    return Response(encoded({"error": error.code}), 418)


OPERATIONS = [
    ECHO,
    HELLO,
    # In the order that would be wrong if the first match won.
    Operation("GET", "/things/{name}", named, "Named", "Named."),
    Operation("GET", "/things/fixed", fixed, "Fixed", "Fixed."),
    Operation("GET", "/things/{name}/parts/{part}", named, "Part", "Part."),
    Operation("GET", "/things/fixed/parts/{name}", named, "Fixed part", "Fixed part."),
    Operation("DELETE", "/things/{name}", nothing, "Delete", "Delete."),
    Operation("GET", "/denied", denied, "Denied", "Denied.", public=True, render=rendered),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Served(OPERATIONS) as served:
        yield served.url


TOKEN = {"authorization": "Bearer t"}


def test_words_come_before_parameters_whatever_the_order_of_operations(url: str) -> None:
    assert ask("GET", f"{url}/things/fixed", headers=TOKEN).json() == {"fixed": True}
    assert ask("GET", f"{url}/things/other", headers=TOKEN).json() == {"name": "other"}
    assert ask("GET", f"{url}/things/fixed/parts/p", headers=TOKEN).json() == {"name": "p"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_a_method_that_an_address_does_not_have_is_405_with_those_it_has(url: str, method: str) -> None:
    answer = ask(method, f"{url}/things/x", headers=TOKEN)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET, HEAD"
    assert answer.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("method", ["CONNECT", "get", "FOO", "G"])
def test_a_method_that_nobody_has_is_refused(url: str, method: str) -> None:
    assert send(url, request(method, "/hello")).status in (400, 404, 405)


def test_an_address_that_does_not_exist_is_404_for_every_method(url: str) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE", "OPTIONS"):
        answer = ask(method, f"{url}/nowhere")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"


def test_head_is_answered_where_get_is(url: str) -> None:
    answer = ask("HEAD", f"{url}/hello")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(ask("GET", f"{url}/hello").content))
    assert ask("HEAD", f"{url}/echo").status_code == 405


@pytest.mark.parametrize(
    "accept", ["application/xml", "image/png", "application/yaml", "audio/*, video/*", "text/csv;q=1"]
)
def test_who_accepts_no_json_is_406(url: str, accept: str) -> None:
    answer = ask("GET", f"{url}/hello", headers={"accept": accept})
    assert answer.status_code == 406
    assert answer.json()["code"] == "not_acceptable"


@pytest.mark.parametrize(
    "accept",
    ["*/*", "application/json", "application/*", "application/problem+json", "text/html, application/json;q=0.9",
     "application/vnd.haymow+json", "", "text/event-stream"],
)  # fmt: skip
def test_who_accepts_json_or_says_nothing_is_answered(url: str, accept: str) -> None:
    assert ask("GET", f"{url}/hello", headers={"accept": accept}).status_code == 200


def test_who_is_unknown_is_told_so_first(url: str) -> None:
    answer = ask("GET", f"{url}/things/x", headers={"accept": "image/png"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="haymow"'


def test_nothing_is_read_of_a_body_whose_sender_is_unknown(url: str) -> None:
    """The answer comes although the body never does."""
    with closing(connect(url)) as connection:
        head = request("PATCH", "/echo", "", [("Content-Length", "100000"), ("Content-Type", "application/json")])
        connection.sendall(head)
        assert read_answer(connection, "PATCH").status == 401


def test_a_client_that_waits_for_100_continue_is_not_asked_for_a_body_in_vain(url: str) -> None:
    headers = [("Content-Length", "2"), ("Content-Type", "application/json"), ("Expect", "100-continue")]
    with closing(connect(url)) as connection:
        connection.sendall(request("PATCH", "/echo", "", headers))
        assert connection.recv(12) == b"HTTP/1.1 401"
    with closing(connect(url)) as connection:
        connection.sendall(request("PATCH", "/echo", "t", headers))
        assert connection.recv(12) == b"HTTP/1.1 100"


def test_an_operation_may_render_its_errors_itself(url: str) -> None:
    answer = ask("GET", f"{url}/denied")
    assert (answer.status_code, answer.json()) == (418, {"error": "forbidden"})
