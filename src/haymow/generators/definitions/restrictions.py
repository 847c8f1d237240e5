"""What of a definition only an administrator may set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from haymow.generators import facts
from haymow.generators.definitions.needs import works_by_server_identity
from haymow.generators.signatures import Signature

# What says whose credentials the server's own identity is used for, by generator.
_IDENTITY_PARAMETERS: Final = {
    "AmazonBedrockChatGenerator": ("aws_access_key_id", "aws_region_name", "model"),
    "AnthropicVertexChatGenerator": ("project_id", "region"),
    "GoogleGenAIChatGenerator": ("vertex_ai_project", "vertex_ai_location"),
}


def restricted_of(signature: Signature, parameters: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """The restricted values of canonical init parameters, by JSON pointer; empty for most definitions.

    Beside the free-form client settings these are definitions that call with the server's own cloud identity instead of
    a secret: then the type, and what chooses the account, are restricted.
    """
    prefix = f"{pointer}/init_parameters"
    found = {
        f"{prefix}/{name}": value
        for name, value in parameters.items()
        if name in facts.ADMINISTRATOR_PARAMETERS and value  # null and {} set nothing
    }
    if works_by_server_identity(signature, parameters):
        found[f"{pointer}/type"] = signature.type
        chosen = _IDENTITY_PARAMETERS[signature.name]
        found |= {f"{prefix}/{name}": parameters[name] for name in chosen if name in parameters}
    return found
