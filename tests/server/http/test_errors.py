"""Every failure that haymow raises has a status, a shape and a page that explains it."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

import haymow
from haymow.errors import (
    CommandFailed,
    Fault,
    HaymowError,
    Invalid,
    NotFound,
    Quota,
    RateLimited,
    StartFailed,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)
from haymow.server.http.errors import EXPLANATIONS, MOST_FAULTS, STATUSES, STATUSES_BY_CODE, problem, status_of
from tests.abuse.raw import ask
from tests.running import RunningServer

SOURCES = Path(haymow.__file__).parent


def kinds() -> set[type[HaymowError]]:
    """Every class of failure in all of haymow, but for those that end a start or a command."""
    for module in pkgutil.walk_packages([str(SOURCES)], "haymow."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    def below(kind: type[HaymowError]) -> set[type[HaymowError]]:
        return {kind, *(found for one in kind.__subclasses__() for found in below(one))}

    return {kind for kind in below(HaymowError) if not issubclass(kind, (StartFailed, CommandFailed))} - {HaymowError}


def raised_codes() -> dict[str, str]:
    """Every code that haymow's sources give to a failure -> where."""
    return {code: path.name for path in sorted(SOURCES.rglob("*.py")) for code in codes_in(ast.parse(path.read_text()))}


def codes_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Fault") | ast.Name(id="ServingFailure") | ast.Name(id="CommandFailed")):
                continue
            case ast.Call(keywords=keywords):
                yield from (text for one in keywords if one.arg == "code" for text in texts(one.value))
            case ast.Assign(targets=[ast.Name(id="code")], value=value):
                yield from texts(value)
            case ast.AnnAssign(target=ast.Name(id="code"), value=ast.expr() as value):
                yield from texts(value)


def texts(value: ast.expr) -> Iterator[str]:
    """The constants that an expression may be: of `"a" if x else "b"` both."""
    if isinstance(value, ast.IfExp):
        yield from texts(value.body)
        yield from texts(value.orelse)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value


def test_the_walk_finds_codes_in_calls_in_classes_and_in_conditions() -> None:
    source = [
        'raise NotFound("x", code="a")',
        'class A:\n    code = "b"',
        'code = "c" if x else "d"',
        'Fault("#", code="no")',
        "print(code=1)",
    ]
    assert set(codes_in(ast.parse("\n".join(source)))) == {"a", "b", "c", "d"}


@pytest.mark.parametrize("kind", sorted(kinds(), key=str))
def test_every_kind_of_failure_has_a_status(kind: type[HaymowError]) -> None:
    assert any(base in STATUSES for base in kind.__mro__)
    assert kind.code != HaymowError.code


OPENAIS = {"invalid_api_key"}
"""What OpenAI's clients look for in the place of a code of ours."""


def test_every_code_that_is_raised_is_explained_and_no_other() -> None:
    at_a_terminal = {one.code for kind in (StartFailed, CommandFailed) for one in (kind, *kind.__subclasses__())}
    answers_nothing = at_a_terminal | {HaymowError.code}
    raised = {code: where for code, where in raised_codes().items() if code not in answers_nothing | OPENAIS}
    assert {code: where for code, where in raised.items() if code not in EXPLANATIONS} == {}
    assert set(EXPLANATIONS) - set(raised) == set()


@pytest.mark.parametrize("code", STATUSES_BY_CODE)
def test_every_code_with_a_status_of_its_own_is_explained(code: str) -> None:
    assert code in EXPLANATIONS


@pytest.mark.parametrize("code", EXPLANATIONS)
def test_every_explanation_is_a_page(server: RunningServer, code: str) -> None:
    page = ask("GET", f"{server.url}/errors/{code}")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert code in page.text


def test_a_code_that_nobody_raises_has_no_page(server: RunningServer) -> None:
    assert ask("GET", f"{server.url}/errors/no_such_code").status_code == 404


def test_what_is_in_no_table_is_our_mistake() -> None:
    assert status_of(HaymowError("x")) == 500


def test_a_subclass_has_its_parents_status() -> None:
    class Vanished(NotFound):
        code = "vanished"

    assert status_of(Vanished("x")) == 404


def test_a_problem_says_what_rfc_9457_and_the_platforms_clients_ask_for() -> None:
    answer = problem(Invalid("Refused.", [Fault("#/a", "type", "No.")], code="invalid_model"), "r1")
    assert answer.media_type == "application/problem+json"
    assert json.loads(bytes(answer.body)) == {
        "type": "/errors/invalid_model",
        "title": HTTPStatus(422).phrase,
        "status": 422,
        "detail": "Refused.",
        "code": "invalid_model",
        "request_id": "r1",
        "message": "Refused.",
        "details": [{"pointer": "#/a", "code": "type", "message": "No."}],
    }


def test_a_problem_tells_fifty_faults_at_most() -> None:
    faults = [Fault(f"#/{number}", "type", "No.") for number in range(60)]
    details = json.loads(bytes(problem(Invalid("Refused.", faults), "r").body))["details"]
    assert [detail["pointer"] for detail in details] == [f"#/{number}" for number in range(MOST_FAULTS)]
    assert MOST_FAULTS == 50


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (Unauthenticated("x"), 401, {"www-authenticate": 'Bearer realm="haymow"'}),
        (RateLimited("x", retry_after=7), 429, {"retry-after": "7"}),
        (
            RateLimited("x", retry_after=7, quota=Quota("requests-per-token", 60, 60)),
            429,
            {
                "retry-after": "7",
                "ratelimit-policy": '"requests-per-token";q=60;w=60',
                "ratelimit": '"requests-per-token";r=0;t=7',
            },
        ),
        (
            RateLimited("x", retry_after=1, quota=Quota("chats-per-token", 2, None)),
            429,
            {
                "retry-after": "1",
                "ratelimit-policy": '"chats-per-token";q=2;qu="concurrent-requests"',
                "ratelimit": '"chats-per-token";r=0',
            },
        ),
        (Unavailable("x", retry_after=3), 503, {"retry-after": "3"}),
        (UnsupportedMedia("x", accept=("accept-patch", "application/json")), 415, {"accept-patch": "application/json"}),
    ],
)
def test_a_status_brings_its_headers(error: HaymowError, status: int, headers: dict[str, str]) -> None:
    answer = problem(error, "r")
    assert answer.status_code == status
    assert headers.items() <= dict(answer.headers).items()
