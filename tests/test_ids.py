"""Which texts are ids."""

from __future__ import annotations

from uuid import UUID

import pytest

from haymow.ids import id_of

ID = UUID("12345678-9abc-4def-8123-456789abcdef")


@pytest.mark.parametrize("text", [str(ID), str(ID).upper()])
def test_an_id_has_hyphens_and_either_case(text: str) -> None:
    assert id_of(text) == ID


@pytest.mark.parametrize(
    "text",
    ["", ID.hex, f"{{{ID}}}", ID.urn, f" {ID}", f"{ID}0", str(ID)[:-1], str(ID).replace("-", "_"), "x" * 36,
     "1234567-89abc-4def-8123-456789abcdef", "\uff112345678-9abc-4def-8123-456789abcdef", "x" * 1_000_000],
)  # fmt: skip
def test_nothing_else_is_one(text: str) -> None:
    assert id_of(text) is None
