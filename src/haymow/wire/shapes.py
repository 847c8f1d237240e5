"""What all wire types have in common: how requests, queries and answers treat fields, ids and times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from haymow.ids import id_of


class Request(BaseModel):
    """A JSON body that a client sends.

    Open, as the published operation is: fields that it does not know are ignored. Strict: a value of another
    type is a fault and never converted. `read_only` are fields of the answer that clients may send back.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)

    read_only: ClassVar[frozenset[str]] = frozenset()


class Query(BaseModel):
    """A query string. Each value arrives as text and is converted; an empty one counts as omitted.

    A list is a parameter that may be repeated; of one, every value counts.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_values(cls, values: Any) -> Any:
        return {name: value for name, value in values.items() if value != ""} if isinstance(values, dict) else values


class Answer(BaseModel):
    """A JSON body that haymow sends; fields that a newer haymow adds are ignored by an older client."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class PageQuery(Query):
    """Which page of a list: `limit` rows each, the first one is page 1."""

    limit: int = Field(default=100, ge=1, le=100)
    # Bounded so that the offset fits the database's integers.
    page_number: int = Field(default=1, ge=1, le=10**9)


_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)


def _id(value: object) -> UUID:
    found = id_of(value) if isinstance(value, str) else value
    if isinstance(found, UUID):
        return found
    raise PydanticCustomError("not_an_id", "not an id")


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise PydanticCustomError("not_an_instant", "not an instant")


Id = Annotated[UUID, BeforeValidator(_id)]
"""A UUID in its one spelling with hyphens, in a request."""

Instant = Annotated[AwareDatetime, BeforeValidator(_instant)]
"""A date and time with its offset (RFC 3339), in a request; read as UTC."""
