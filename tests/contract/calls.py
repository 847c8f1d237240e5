"""What the contract tests ask of haymow through the platform's client, beyond what it has methods for."""

from typing import Any
from uuid import uuid4

from deepset_mcp.api.client import AsyncDeepsetClient
from deepset_mcp.api.model.models import Model, ModelOrigin
from deepset_mcp.api.secrets.models import Secret
from deepset_mcp.api.transport import raise_for_status
from deepset_mcp.api.workspace.models import Workspace

OPENAI = "haystack.components.generators.chat.openai.OpenAIChatGenerator"
ANTHROPIC = "haystack_integrations.components.generators.anthropic.chat.chat_generator.AnthropicChatGenerator"
OLLAMA = "haystack_integrations.components.generators.ollama.chat.chat_generator.OllamaChatGenerator"
VALUE = "sk-contract-0123456789abcdef"


def unique(name: str) -> str:
    return f"{name}_{uuid4().hex[:12]}"


async def send(client: AsyncDeepsetClient, method: str, endpoint: str, data: dict[str, Any] | None = None) -> Any:
    """What the API answers; fails by the client's own exceptions."""
    response = await client.request(endpoint, method=method, data=data)
    raise_for_status(response)
    return response.json


async def secret_named(client: AsyncDeepsetClient, name: str) -> Secret:
    page = await client.secrets().list(limit=100)
    return await anext(secret async for secret in page if secret.name == name)


async def delete_secrets(client: AsyncDeepsetClient, names: list[str]) -> None:
    page = await client.secrets().list(limit=100)
    for secret in [secret async for secret in page if secret.name in names]:
        await send(client, "DELETE", f"v2/secrets/{secret.secret_id}?force=true")


def definition(
    model: str = "gpt-5-mini", type: str = OPENAI, provider: str = "openai", key: str | None = None
) -> dict[str, Any]:
    parameters: dict[str, Any] = {"model": model}
    if key:
        parameters["api_key"] = {"type": "env_var", "env_vars": [key], "strict": True}
    return {
        "name": unique(model),
        "provider": provider,
        "chat_generator_config": {"type": type, "init_parameters": parameters},
        "generation_kwargs": {"type": "object", "properties": {"temperature": {"type": "number"}}},
    }


async def create_model(client: AsyncDeepsetClient, workspace: Workspace, **parts: Any) -> str:
    """The new model's name. Its secret does not exist, unless `key` names one that does."""
    document = definition(**{"key": unique("NO_SUCH_KEY"), **parts})
    await send(client, "POST", f"v2/workspaces/{workspace.workspace_id}/models/custom", document)
    return str(document["name"])


async def create_workspace_secret(client: AsyncDeepsetClient, workspace: Workspace) -> str:
    name = unique("WORKSPACE_KEY")
    data = {"name": name, "secret": VALUE}
    await send(client, "POST", f"v2/workspaces/{workspace.workspace_id}/secrets", data)
    return name


def own(models: list[Model]) -> set[str]:
    """Names of the workspace's own models: platform and organization may have some too."""
    return {model.name for model in models if model.origin is ModelOrigin.WORKSPACE}
