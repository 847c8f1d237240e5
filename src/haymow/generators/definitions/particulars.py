"""Rules of single generators that no signature tells: which parameters go together, and what their values do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from haymow.generators import facts
from haymow.generators.definitions.destinations import litellm_prefix
from haymow.generators.definitions.faults import Faults
from haymow.generators.signatures import Signature
from haymow.urls import UnusableUrl, host_and_port

Parameters = Mapping[str, Any]


def check_particulars(signature: Signature, parameters: Parameters, faults: Faults) -> None:
    """Adds what is wrong to `faults`; a parameter that is at fault already is not looked at again."""
    for names in facts.DEMANDED.get(signature.name, ()):
        if all(parameters.get(name) in (None, "") for name in names) and not faults.has_parameter(names[0]):
            choice = " or ".join(f"`{name}`" for name in names)
            message = f"Set {choice}: haymow does not look for it in the environment."
            faults.add_parameter(names[0], "required", message)
    group = facts.ALTERNATIVE_SECRETS.get(signature.name, ())
    if group and all(name in parameters and parameters[name] is None for name in group):
        faults.add_parameter(group[0], "required", f"Name a secret in one of {', '.join(group)}.")
    check = _CHECKS.get(signature.name)
    if check is not None:
        check(parameters, faults)


def _check_bedrock(parameters: Parameters, faults: Faults) -> None:
    pair = ("aws_access_key_id", "aws_secret_access_key")
    missing = [name for name in pair if name in parameters and parameters[name] is None]
    if len(missing) == 1:
        message = "Name secrets for both the access key id and the secret key, or set both to null to call with a role."
        faults.add_parameter(missing[0], "required", message)


def _check_google(parameters: Parameters, faults: Faults) -> None:
    if parameters.get("api") != "vertex":
        return
    pair = ("vertex_ai_project", "vertex_ai_location")
    missing = [name for name in pair if not parameters.get(name)]
    if len(missing) == 1 and not faults.has_parameter(missing[0]):
        faults.add_parameter(missing[0], "required", "Set both the project and the location, or neither to use a key.")


def _check_hugging_face(parameters: Parameters, faults: Faults) -> None:
    kind, settings = parameters.get("api_type"), parameters.get("api_params")
    if isinstance(kind, str) and kind not in facts.HUGGING_FACE_APIS:
        choices = ", ".join(sorted(facts.HUGGING_FACE_APIS))
        faults.add_parameter("api_type", "invalid_value", f"Give one of {choices}.")
        return
    if not isinstance(kind, str) or not isinstance(settings, dict) or faults.has_parameter("api_params"):
        return
    if not settings.keys() <= facts.HUGGING_FACE_API_PARAMETERS:
        choices = ", ".join(sorted(facts.HUGGING_FACE_API_PARAMETERS))
        faults.add_parameter("api_params", "refused_setting", f"Only {choices} are accepted here.")
    _check_hugging_face_target(kind, settings, faults)


def _check_hugging_face_target(kind: str, settings: dict[str, str], faults: Faults) -> None:
    if kind == "serverless_inference_api":
        # The client takes a model that looks like an address for the address to call.
        if not settings.get("model") or "://" in settings["model"] or "url" in settings:
            message = "Give the id of a model on the hub as `model`, and no `url`, for serverless_inference_api."
            faults.add_parameter("api_params", "invalid_value", message)
        return
    try:
        host_and_port(settings.get("url", ""))
    except UnusableUrl as error:
        faults.add_parameter("api_params", "invalid_url", f"`url` is needed. {error}")


def _check_litellm(parameters: Parameters, faults: Faults) -> None:
    if not isinstance(parameters.get("model", ""), str):
        return
    prefix = litellm_prefix(parameters)
    if prefix not in facts.LITELLM_HOSTS:
        message = f"Begin the model with one of the providers {', '.join(facts.LITELLM_HOSTS)}, then a slash."
        faults.add_parameter("model", "refused_setting", message)
    elif facts.LITELLM_HOSTS[prefix] is None and parameters.get("api_base_url") is None:
        faults.add_parameter("api_base_url", "required", "This provider is your own server: give its address.")


def _check_mock(parameters: Parameters, faults: Faults) -> None:
    responses = parameters.get("responses")
    if responses is None or (isinstance(responses, list) and responses and all(map(_is_assistant_text, responses))):
        return
    message = 'Give a list of messages like {"role": "assistant", "content": [{"text": "..."}]}, or leave it out.'
    if not faults.has_parameter("responses"):
        faults.add_parameter("responses", "invalid_value", message)


def _is_assistant_text(message: Any) -> bool:
    """Whether Haystack reads it as an assistant's message that holds texts and nothing else."""
    if not isinstance(message, dict) or not message.keys() <= {"role", "content", "meta", "name"}:
        return False
    content, meta, name = message.get("content"), message.get("meta", {}), message.get("name")
    if message.get("role") != "assistant" or not isinstance(meta, dict) or not isinstance(name, (str, type(None))):
        return False
    return isinstance(content, list) and bool(content) and all(map(_is_text, content))


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and part.keys() == {"text"} and isinstance(part["text"], str)


_CHECKS: Final[dict[str, Callable[[Parameters, Faults], None]]] = {
    "AmazonBedrockChatGenerator": _check_bedrock,
    "GoogleGenAIChatGenerator": _check_google,
    "HuggingFaceAPIChatGenerator": _check_hugging_face,
    "LiteLLMChatGenerator": _check_litellm,
    "MockChatGenerator": _check_mock,
}
