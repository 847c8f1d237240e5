"""The log of a real server: a line of JSON for each request and event, and nothing in it that was sent."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path

import httpx
import pytest

from haymow.errors import StartFailed
from haymow.server.settings import settings_from
from haymow.server.telemetry import logs
from haymow.server.telemetry.repeats import QUIET_SECONDS
from haymow.server.telemetry.seen import Seen, begin
from tests import looking
from tests.abuse.raw import request, send
from tests.answers import Dies, Fails, Says
from tests.conftest import client_of
from tests.running import running
from tests.server.telemetry.conftest import KEY, Place
from tests.waiting import wait_until

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class TestARequest:
    def test_has_a_line_that_says_what_it_was(self, place: Place) -> None:
        answer = place.client.get(f"{place.home}/models/{place.model['model_id']}")
        line = place.line(answer)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
        assert 0 < line.pop("duration_ms") < 10_000
        assert UUID.fullmatch(line.pop("token_id"))
        assert line == {
            "level": "info",
            "message": "request",
            "request_id": answer.headers["x-request-id"],
            "method": "GET",
            "route": "/api/v2/workspaces/{workspace_id}/models/{model_id}",
            "status": 200,
            "client": "127.0.0.1",
            "user_id": place.client.get("/api/v2/me").json()["user_id"],
            "workspace_id": place.workspace,
            "model_id": place.model["model_id"],
            "revision": 1,
        }

    def test_that_writes_has_the_revision_that_it_wrote(self, place: Place) -> None:
        path = f"{place.home}/models/custom"
        body = {**place.model, "name": "written"}
        for name in ("model_id", "created_by", "last_updated_by", "created_at", "updated_at", "connected", "origin"):
            body.pop(name)
        made = place.client.post(path, json=body)
        assert made.status_code == 201, made.text
        one = f"{path}/{made.json()['model_id']}"
        changed = place.client.patch(one, json={"generation_kwargs": {}})
        restored = place.client.post(f"{one.replace('/custom', '')}/revisions/1/restore")
        lines = [place.line(answer) for answer in (made, changed, restored)]
        assert [line["revision"] for line in lines] == [1, 2, 3]
        assert {line["model_id"] for line in lines} == {made.json()["model_id"]}

    def test_that_is_refused_has_the_errors_code(self, place: Place) -> None:
        refused = place.client.get(f"{place.home}/models/00000000-0000-4000-8000-000000000000")
        assert (place.line(refused)["status"], place.line(refused)["code"]) == (404, "model_not_found")
        unknown = httpx.get(f"{place.server.url}/api/v2/me", headers={"authorization": "Bearer canary-no-token"})
        line = place.line(unknown)
        assert (line["status"], line["code"], line["route"]) == (401, "unauthenticated", "/api/v2/me")
        assert "user_id" not in line and "token_id" not in line

    @pytest.mark.parametrize(
        ("method", "path", "route"),
        [
            ("PUT", "/api/v2/me", "/api/v2/me"),
            ("GET", "/nothing/here", "(page)"),
            ("GET", "/x%2f..%2fy", "(none)"),
            ("TRACE", "/healthz", "/healthz"),
        ],
    )
    def test_has_a_route_of_the_table_and_a_known_method(
        self, place: Place, method: str, path: str, route: str
    ) -> None:
        line = place.line(httpx.request(method, place.server.url + path))
        assert line["route"] == route
        assert line["method"] == ("OTHER" if method == "TRACE" else method)


class TestAChat:
    def test_names_the_revision_the_provider_and_its_status(self, place: Place) -> None:
        line = place.line(place.chat())
        assert (line["model_id"], line["revision"]) == (place.model["model_id"], 1)
        assert (line["upstream_host"], line["upstream_status"]) == (f"127.0.0.1:{place.upstream.port}", 200)

    @pytest.mark.parametrize(
        ("fails", "status", "code"), [(401, 502, "upstream_credentials"), (500, 502, "upstream_failed")]
    )
    def test_that_the_provider_refuses_says_with_which_status(
        self, place: Place, fails: int, status: int, code: str
    ) -> None:
        place.upstream.script(*[Fails(fails, f"no {KEY}")] * 3)
        line = place.line(place.chat())
        assert (line["status"], line["code"], line["upstream_status"]) == (status, code, fails)
        assert line["level"] == "warning"

    def test_in_a_stream_ends_with_its_end(self, place: Place) -> None:
        place.upstream.script(Says("one two three", pieces=3, pause=0.05))
        line = place.line(place.chat(stream=True))
        assert line["duration_ms"] > 150
        assert "code" not in line

    def test_that_breaks_off_says_so(self, place: Place) -> None:
        place.upstream.script(Dies(after=3))
        line = place.line(place.chat(stream=True))
        assert (line["status"], line["code"]) == (200, "upstream_failed")

    def test_that_nobody_waits_for_says_so(self, place: Place) -> None:
        place.upstream.script(Says("x" * 100, pieces=100, pause=0.1))
        asked = {"model": "calls", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        path = f"{place.home}/openai/v1/chat/completions"
        with place.client.stream("POST", path, json=asked) as answer:
            next(answer.iter_raw())
        assert place.line(answer)["code"] == "client_gone"


class TestEvents:
    def test_that_nobody_expected_have_the_requests_id_places_and_no_words(self, place: Place) -> None:
        with looking.without(place.server.data, "audit"):
            answer = place.client.post(f"{place.home}/secrets", json={"name": "UNLUCKY_77AA03", "secret": KEY})
        assert answer.status_code == 500
        place.line(answer)
        (event,) = [one for one in place.of(answer.headers["x-request-id"]) if one["message"] != "request"]
        last = event["traceback"].splitlines()[-1]
        assert re.fullmatch(r"sqlalchemy\.exc\.\w+Error: INSERT audit", last), last

    @pytest.mark.parametrize("line", [logs.json_line, logs.text_line])
    def test_tell_of_exceptions_that_are_each_others_cause(self, line: Callable[[logging.LogRecord], bytes]) -> None:
        first, second = ValueError("canary"), KeyError("canary")
        first.__cause__, second.__cause__ = second, first
        record = logging.LogRecord("haymow.x", logging.ERROR, __file__, 7, "", (), (ValueError, first, None))
        written = line(record).decode()
        assert written.count("builtins.ValueError") == written.count("builtins.KeyError") == 1
        assert written.index("KeyError") < written.index("ValueError")
        assert "canary" not in written

    def test_of_the_start_say_what_runs_where(self, place: Place) -> None:
        lines = place.lines()
        at = [line["message"] for line in lines].index("ready")  # a new database is said to be one before
        guarantees, ready = lines[at - 1 : at + 1]
        assert "synchronous=FULL" in guarantees["message"] or "fsync=" in guarantees["message"]
        assert ready["address"] == place.server.url


class TestNothingThatWasSent:
    def test_gets_in(self, place: Place) -> None:
        canary = "canary-77aa04"
        token = place.server.token
        for target in (
            f"/{canary}",
            f"/api/v2/me?{canary}={canary}",
            f"/api/v1/workspaces/{canary}",
            f"/api/v2/workspaces/{canary}/models/{canary}",
            f"/%0a%7b%22{canary}%22%7d",
        ):
            send(place.server.url, request("GET", target, token, [("User-Agent", canary), ("Referer", canary)]))
        send(place.server.url, request("GET", "/healthz", canary, [("X-Request-Id", canary), ("Cookie", canary)]))
        send(place.server.url, b"canary-77aa04 / HTTP/1.1\r\nHost: a\r\n\r\n")
        place.client.post(f"{place.home}/secrets", json={"name": canary, "secret": canary})
        place.client.post(f"{place.home}/models/custom", json={"name": f"{canary}\n{{}}", canary: [canary]})
        place.client.post(f"{place.home}/models/custom", content=canary)
        place.upstream.script(Fails(400, canary), Fails(400, canary), Dies(event={"message": canary}))
        place.chat(model=canary)
        place.chat(**{canary: canary})
        place.chat(temperature=1, seed=canary)
        place.line(place.chat(stream=True))
        log = place.server.log.read_text()
        for sent in (canary, KEY, "hi-77aa02", token, token.split("_", 2)[2], place.server.link.partition("#")[2]):
            assert sent not in log
        place.lines()  # each of them is JSON

    @pytest.mark.parametrize("line", [logs.json_line, logs.text_line])
    def test_comes_in_by_a_librarys_words(self, line: object) -> None:
        assert callable(line)
        said = "canary"
        try:
            raise ValueError(said) from KeyError(said)
        except ValueError as error:
            record = logging.LogRecord(
                "aiohttp", logging.ERROR, __file__, 7, "said canary", (), (type(error), error, None)
            )
        written = line(record).decode()
        assert "canary" not in written.replace(__file__, "")
        assert "test_log:7" in written and "ValueError" in written and "KeyError" in written

    def test_makes_a_line_of_its_own_in_a_log_of_text(self) -> None:
        record = logging.LogRecord("haymow.x", logging.ERROR, __file__, 7, "a\nb\x1b[31m\u202e\u2028c", (), None)
        assert logs.text_line(record).count(b"\n") == 1
        seen = Seen("0", "GET", "1.2.3.4\nfake\x1b")
        assert logs.text_request(seen).count(b"\n") == 1 and b"\x1b" not in logs.text_request(seen)


class TestSettings:
    @pytest.mark.parametrize(
        ("more", "requests", "events"),
        [
            ({}, True, True),
            ({"HAYMOW_ACCESS_LOG": "off"}, False, True),
            ({"HAYMOW_LOG_LEVEL": "error"}, True, False),
            ({"HAYMOW_LOG": "text"}, False, False),
            ({"HAYMOW_LOG": "text", "HAYMOW_ACCESS_LOG": "on", "HAYMOW_LOG_LEVEL": "info"}, True, True),
        ],
    )
    def test_choose_what_is_written(self, tmp_path: Path, more: dict[str, str], requests: bool, events: bool) -> None:
        with running(tmp_path / "data", more=more) as server:
            with client_of(server.url, server.token) as client:
                request_id = client.get("/api/v2/me").headers["x-request-id"]
            if requests:
                wait_until(lambda: request_id in server.log.read_text())
            assert server.stop() == 0
        log = server.log.read_text()
        assert (request_id in log) == requests
        assert ("stopping" in log) == events
        if more.get("HAYMOW_LOG") == "text":
            assert not log.startswith("{")
        else:
            assert all(json.loads(line) for line in log.splitlines())

    @pytest.mark.parametrize("name", ["HAYMOW_LOG", "HAYMOW_LOG_LEVEL", "HAYMOW_ACCESS_LOG"])
    def test_that_cannot_be_meant_are_refused(self, name: str) -> None:
        with pytest.raises(StartFailed, match=name) as caught:
            settings_from({name: "canary"})
        assert "canary" not in caught.value.message


@pytest.fixture
def _root() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers, root.level
    yield
    root.handlers, root.level = before, level
    logging.captureWarnings(False)


@pytest.mark.usefixtures("_root")
class TestWhatIsSaidAgain:
    """While the database is away, thousands of lines an hour would say so."""

    @pytest.mark.parametrize("as_json", [True, False])
    def test_is_counted_and_written_after_a_while(self, as_json: bool) -> None:
        at = 100.0
        lines: list[bytes] = []
        logs.start(as_json=as_json, level="info", sink=lines.append, clock=lambda: at)
        for moved in (0.0, 1.0, QUIET_SECONDS - 2.0, 2.0, 0.5):
            at += moved
            logging.getLogger("haymow.x").warning("the storage is %s", "lost")
        assert [b"repeated" in line for line in lines] == [False, True]
        assert (b'"repeated":2' if as_json else b" repeated=2\n") in lines[1]

    def test_is_held_back_of_a_library_whatever_its_words(self) -> None:
        lines: list[bytes] = []
        logs.start(as_json=True, level="info", sink=lines.append)
        for word in ("one", "two"):
            logging.getLogger("opentelemetry.x").warning("cannot send %s", word)
        assert len(lines) == 1

    def test_is_written_each_time_where_it_differs_or_is_of_one_request(self) -> None:
        lines: list[bytes] = []
        logs.start(as_json=True, level="info", sink=lines.append)
        log = logging.getLogger("haymow.x")
        for word in ("one", "two"):
            log.warning("lost: %s", word)
            log.info("ready")
            log.warning("a call failed", extra={"haymow": {"code": "x"}})
            Context().run(unexpected, log, word)
        assert len(lines) == 8


def unexpected(log: logging.Logger, request_id: str) -> None:
    """While a request is answered, what nobody expected is raised."""
    begin(Seen(request_id, "GET", "1.2.3.4"))
    log.error("unexpected", exc_info=ValueError())


@pytest.mark.usefixtures("_root")
def test_libraries_stay_quiet_at_every_level() -> None:
    """At debug, HTTP clients write headers and bodies."""
    lines: list[bytes] = []
    logs.start(as_json=True, level="debug", sink=lines.append)
    logging.getLogger("httpx").debug("canary")
    logging.getLogger("httpx").info("canary")
    logging.getLogger("haymow.server").debug("ours")
    assert [json.loads(line)["message"] for line in lines] == ["ours"]
    logging.getLogger("haymow").setLevel(logging.NOTSET)
