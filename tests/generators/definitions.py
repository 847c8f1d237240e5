"""Definitions to check, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from haymow.errors import Fault, Invalid
from haymow.generators import check

PARAMETERS = "#/chat_generator_config/init_parameters"


def config(generator: str = "OpenAIChatGenerator", **parameters: Any) -> dict[str, Any]:
    return {"type": generator, "init_parameters": parameters}


def faults(document: object, **keywords: str) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        check(document, **keywords)
    return list(caught.value.faults)


def found(document: object) -> list[tuple[str, str]]:
    return [(fault.pointer, fault.code) for fault in faults(document)]
