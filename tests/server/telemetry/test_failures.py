"""A provider's failure in the log: an event of its own, the same in both lanes, and no word of the provider's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.answers import Dies, Fails, Garbles, Says
from tests.server.telemetry.conftest import KEY, Place, placed

WORDS = f"canary-words {KEY}"


@pytest.fixture(scope="module", params=["on", "off"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """With and without the direct lane."""
    more = {"HAYMOW_DIRECT_LANE": request.param}
    with placed(tmp_path_factory.mktemp("failures") / "data", more, max_retries=0) as found:
        yield found


def failure(place: Place, **asked: Any) -> dict[str, Any]:
    """What the log has of a chat beside its line, but for when that was, and the class of what was raised."""
    answer = place.chat(**asked)
    line = place.line(answer)
    (event,) = [one for one in place.of(answer.headers["x-request-id"]) if one["message"] != "request"]
    assert (event["code"], event.get("upstream_status")) == (line["code"], line.get("upstream_status"))
    assert event.pop("time") <= line["time"]
    assert "canary" not in place.server.log.read_text()
    event.pop("error", None)
    return event


def expected(place: Place, code: str, status: int | None) -> dict[str, Any]:
    return {
        "level": "warning",
        "message": "a call to a provider failed",
        "logger": "haymow.server.telemetry.upstreams",
        "code": code,
        "generator": "OpenAIChatGenerator",
        "upstream_host": f"127.0.0.1:{place.upstream.port}",
        **({} if status is None else {"upstream_status": status}),
        "model_id": place.model["model_id"],
        "revision": 1,
    }


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fails", "code"),
    [
        (401, "upstream_credentials"),
        (404, "upstream_model_not_found"),
        (429, "upstream_rate_limited"),
        (400, "upstream_rejected"),
        (500, "upstream_failed"),
    ],
)
def test_has_the_providers_status(place: Place, fails: int, code: str, stream: bool) -> None:
    place.upstream.script(Fails(fails, WORDS))
    event = failure(place, stream=stream)
    assert event.pop("request_id")
    assert event == expected(place, code, fails)


def test_of_an_answer_that_is_none_says_so(place: Place) -> None:
    place.upstream.script(Garbles(WORDS.encode()))
    assert failure(place)["code"] == "upstream_malformed"


@pytest.mark.parametrize("event", [None, {"error": {"message": WORDS, "code": 503}}])
def test_of_a_stream_that_has_begun_is_there_at_its_end(place: Place, event: dict[str, Any] | None) -> None:
    place.upstream.script(Dies(after=3, event=event))
    assert failure(place, stream=True)["code"] in ("upstream_failed", "upstream_unreachable")  # as the lane can tell


def test_has_the_class_of_what_was_raised_and_not_its_words(place: Place) -> None:
    place.upstream.script(Dies(after=3))
    answer = place.chat(stream=True)
    place.line(answer)
    (event,) = [one for one in place.of(answer.headers["x-request-id"]) if one["message"] != "request"]
    assert event["error"] in ("ClientPayloadError", "RemoteProtocolError", "APIConnectionError")


def test_there_is_none_of_what_is_nobodys_failure_or_the_callers(place: Place) -> None:
    place.upstream.script(Says("Hello"))
    for answer in (place.chat(), place.chat(stream=True), place.chat(nonsense=True), place.chat(temperature="hot")):
        place.line(answer)
        assert len(place.of(answer.headers["x-request-id"])) == 1
