"""What every failure answers (RFC 9457)."""

from __future__ import annotations

from pydantic import Field

from haymow.wire.shapes import Answer


class ProblemDetail(Answer):
    """One thing wrong with the request."""

    pointer: str = Field(description="A JSON Pointer as a URI fragment (RFC 6901, section 6); # is the whole body.")
    code: str
    message: str


class Problem(Answer):
    """Why a request failed and what to do about it; `code` is stable, the sentences are for people."""

    type: str = Field(description="The address of a page that explains the code.")
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    message: str = Field(description="The same as detail.")
    details: list[ProblemDetail] = Field(description="At most 50.")
