"""Lets the platform's own Python client be imported without the rest of its distribution.

Importing `deepset_mcp` itself starts an MCP server's code, which downloads an embedding model. Its client does
not need that: a bare package in its place lets `deepset_mcp.api` be imported as it is.
"""

import importlib.util
import sys
from types import ModuleType


def _register_bare_package(name: str) -> None:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(f"{name} is a test dependency.", name=name)
    package = ModuleType(name)
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = package


if "deepset_mcp" not in sys.modules:
    _register_bare_package("deepset_mcp")
