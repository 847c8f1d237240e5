from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from haymow.errors import (
    Denied,
    Fault,
    HaymowError,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
    UpstreamFailed,
)
from haymow.server.serving import failures, rules
from haymow.server.serving.rules import Key

HELLO = [{"role": "user", "content": "Hello?"}]


def test_a_chat_is_read() -> None:
    body = {"model": "m", "messages": HELLO, "stream": True, "stream_options": {"include_usage": True}, "seed": 1}
    chat = rules.chat_from({**body, "tools": None, "top_p": None})
    assert (chat.model, chat.messages, chat.tools) == ("m", HELLO, ())
    assert (chat.stream, chat.include_usage, chat.parameters) == (True, True, {"seed": 1})


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"model": ""}, "#/model"),
        ({"messages": "x"}, "#/messages"),
        ({"messages": []}, "#/messages"),
        ({"stream": 1}, "#/stream"),
        ({"stream_options": []}, "#/stream_options"),
        ({"n": 0}, "#/n"),
        ({"n": 1.0}, "#/n"),
        ({"n": 129}, "#/n"),
        ({"n": 2, "stream": True}, "#/n"),
        ({"response_format": {"type": "yaml"}}, "#/response_format"),
        ({"tools": "x"}, "#/tools"),
    ],
)
def test_what_is_wrong_is_pointed_at(wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.chat_from({"model": "m", "messages": HELLO, **wrong})
    assert [fault.pointer for fault in refused.value.faults] == [pointer]


def test_everything_wrong_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        rules.chat_from({"stream": 5})
    assert {fault.pointer for fault in refused.value.faults} == {"#/model", "#/messages", "#/stream"}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), "upstream_timeout"),
        (ConnectionRefusedError("sk-1"), "upstream_unreachable"),
        (ValueError("sk-1"), "upstream_malformed"),
        (AssertionError("sk-1"), "upstream_malformed"),
        (TypeError("create() got an unexpected keyword argument 'top_k'"), "unsupported_parameter"),
        (
            TypeError("create() got an unexpected keyword argument 'top_k'. Did you mean 'top_p'?"),
            "unsupported_parameter",
        ),
        (TypeError("create() got multiple values for argument 'top_k'"), "unsupported_parameter"),
        (TypeError("create() got an unexpected keyword argument 'min_p'"), "unsupported_parameter"),
        (TypeError("create() got an unexpected keyword argument 'other'"), "upstream_malformed"),
        (TypeError("argument 'top_k' of None"), "upstream_malformed"),
        (UpstreamFailed("x", code="ours"), "ours"),
    ],
)
def test_an_exception_becomes_a_code_of_ours(error: Exception, code: str) -> None:
    failure = failures.failure_of(error, {"top_k": 1}, {"min_p": 0.5})
    assert failure.code == code
    assert "sk-1" not in failure.message


@pytest.mark.parametrize(
    ("name", "pointer"), [("top_k", "#/top_k"), ("a'", "#"), ("a", "#/a"), ("$ref", "#"), ("k" * 65, "#"), ("ä", "#")]
)
def test_only_a_proper_name_is_pointed_at(name: str, pointer: str) -> None:
    error = TypeError(f"create() got an unexpected keyword argument '{name}'")
    refused = failures.failure_of(error, {"a": 1, name: 1}, {})
    assert isinstance(refused, Invalid)
    assert [fault.pointer for fault in refused.faults] == [pointer]


@pytest.mark.parametrize(
    ("error", "usual", "expected"),
    [
        (Unauthenticated("x"), 401, (401, "invalid_request_error", None, "invalid_api_key")),
        (Denied("x"), 403, (403, "permission_error", None, "forbidden")),
        (NotFound("x", code="model_not_found"), 404, (404, "invalid_request_error", "model", "model_not_found")),
        (Invalid("x", [Fault("#/n", "c", "m")]), 422, (400, "invalid_request_error", "n", "invalid")),
        (Invalid("x", [Fault("#", "c", "m")]), 422, (400, "invalid_request_error", None, "invalid")),
        (RateLimited("x", retry_after=1), 429, (429, "rate_limit_error", None, "rate_limit_exceeded")),
        (UpstreamFailed("x", code="upstream_timeout"), 504, (504, "server_error", None, "upstream_timeout")),
    ],
)
def test_errors_have_openais_shape(error: HaymowError, usual: int, expected: tuple[Any, ...]) -> None:
    status = rules.status_in_openai(usual)
    told = rules.body_in_openai(error, status)["error"]
    assert (status, told["type"], told["param"], told["code"]) == expected


@pytest.mark.timeout(10)
def test_a_failure_whose_cause_leads_back_to_it_is_followed_once() -> None:
    first, second = ValueError("x"), KeyError("x")
    first.__cause__, second.__cause__ = second, first
    assert failures.failure_of(first, {}, {}).code == "upstream_malformed"
    assert failures.status_told(first) is None
    assert not failures.was_never_answered(first)


def test_a_failure_is_found_where_an_sdk_hid_what_it_came_from() -> None:
    hidden = ValueError("x")
    hidden.__context__, hidden.__suppress_context__ = TimeoutError(), True
    assert failures.failure_of(hidden, {}, {}).code == "upstream_timeout"


def test_the_message_holds_the_reasons() -> None:
    error = Invalid("The request is invalid.", [Fault("#/a", "c", "A is odd."), Fault("#/b", "c", "B is even.")])
    told = rules.body_in_openai(error, 400)["error"]
    assert told["message"] == "The request is invalid. a: A is odd. b: B is even."


def test_a_name_that_is_no_name_is_not_in_the_message() -> None:
    faults = [Fault(f"#/{'x' * 65}", "c", "A is odd."), Fault("#", "c", "B is even.")]
    assert rules.body_in_openai(Invalid("Oh.", faults), 400)["error"]["message"] == "Oh. A is odd. B is even."


@pytest.mark.parametrize(
    ("other", "outdated"),
    [((1, 1, 1), True), ((1, 2, 1), True), ((1, 2, 2), False), ((1, 3, 1), False), ((2, 1, 1), False)],
)
def test_a_key_outdates_older_ones_of_its_model(other: tuple[int, int, int], outdated: bool) -> None:
    def key(model: int, revision: int, version: int) -> Key:
        return Key(UUID(int=1), UUID(int=model), revision, f"t{revision}", ((UUID(int=9), version),))

    assert key(1, 2, 2).outdates(key(*other)) is outdated
