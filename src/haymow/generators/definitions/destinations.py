"""Where the calls of a definition go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from haymow.generators import facts
from haymow.generators.signatures import Signature
from haymow.urls import host_and_port

Parameters = Mapping[str, Any]


def destination_of(signature: Signature, parameters: Parameters) -> str | None:
    """The `host:port` that canonical init parameters lead to; None when the generator calls nothing.

    The parameters have passed their checks, so every address in them is one that `host_and_port` reads.
    """
    special = _SPECIAL.get(signature.name)
    if special is not None:
        return special(parameters)
    for name, schema in signature.properties.items():
        if name in facts.URL_PARAMETERS and (url := parameters.get(name, schema.get("default"))):
            return host_and_port(url)
    address = facts.ADDRESSES.get(signature.name)
    return None if address is None else host_and_port(address)


def _foundry(parameters: Parameters) -> str:
    if endpoint := parameters.get("endpoint"):
        return host_and_port(endpoint)
    return host_and_port(f"https://{parameters['resource']}.services.ai.azure.com")


def _vertex(parameters: Parameters) -> str:
    return _google_host(parameters["region"])


def _google(parameters: Parameters) -> str:
    if parameters.get("api") != "vertex":
        return host_and_port(facts.ADDRESSES["GoogleGenAIChatGenerator"])
    return _google_host(parameters.get("vertex_ai_location") or "global")


def _google_host(region: str) -> str:
    region = region.lower()
    if region == "global":
        return "aiplatform.googleapis.com:443"
    if region in ("us", "eu"):
        return f"aiplatform.{region}.rep.googleapis.com:443"
    return f"{region}-aiplatform.googleapis.com:443"


def _bedrock(parameters: Parameters) -> str:
    region = parameters.get("aws_region_name")
    if not isinstance(region, str):
        return "bedrock-runtime.*.amazonaws.com:443"  # a secret knows the region
    domain = "amazonaws.com.cn" if region.lower().startswith("cn-") else "amazonaws.com"
    return f"bedrock-runtime.{region.lower()}.{domain}:443"


def _hugging_face(parameters: Parameters) -> str:
    if parameters["api_type"] == "serverless_inference_api":
        return host_and_port(facts.ADDRESSES["HuggingFaceAPIChatGenerator"])
    return host_and_port(parameters["api_params"]["url"])


def _litellm(parameters: Parameters) -> str:
    if url := parameters.get("api_base_url"):
        return host_and_port(url)
    return f"{facts.LITELLM_HOSTS[litellm_prefix(parameters)]}:443"


def litellm_prefix(parameters: Parameters) -> str:
    """The provider that LiteLLM reads from the model's name, such as `openai` in `openai/gpt-5-mini`."""
    model: str = parameters.get("model", "openai/gpt-4o")
    return model.partition("/")[0] if "/" in model else ""


_SPECIAL: Final[dict[str, Callable[[Parameters], str]]] = {
    "AmazonBedrockChatGenerator": _bedrock,
    "AnthropicFoundryChatGenerator": _foundry,
    "AnthropicVertexChatGenerator": _vertex,
    "GoogleGenAIChatGenerator": _google,
    "HuggingFaceAPIChatGenerator": _hugging_face,
    "LiteLLMChatGenerator": _litellm,
}
