"""Answers: JSON by orjson, problems by RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.responses import Response

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def encoded(content: Any) -> bytes:
    """JSON bytes; datetimes in UTC end in `Z`, `orjson.Fragment`s are spliced in as they are."""
    return orjson.dumps(content, option=_OPTIONS)


def json_answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An `application/json` answer."""
    return Response(encoded(content), status, headers, media_type="application/json")


def empty(headers: Mapping[str, str] | None = None) -> Response:
    """204 without a body."""
    return Response(status_code=204, headers=headers)


class Answered(Exception):
    """Not an error: the call has an answer already, and whoever asks for more of it gets this one."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def parts_of(response: Response) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of a whole answer."""
    return response.status_code, list(response.headers.items()), bytes(response.body)


def answer_of(status: int, headers: Sequence[tuple[str, str]], body: bytes) -> Response:
    """The answer that has these parts."""
    response = Response(body, status)
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return response
