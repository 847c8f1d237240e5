"""A team's workspace as it might be after some weeks, made through the API: what the screenshots show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

WORKSPACE = "claims"
LOCAL = "SmolLM2-135M-Instruct"

NUMBER = {"type": "number"}
INTEGER = {"type": "integer"}
TEMPERATURE = {
    **NUMBER,
    "minimum": 0,
    "maximum": 1,
    "description": "0 for the same answer again, 1 for the most varied.",
}
PARAMETERS = {
    "type": "object",
    "properties": {"temperature": TEMPERATURE, "max_tokens": {**INTEGER, "minimum": 1, "maximum": 800, "default": 400}},
    "additionalProperties": False,
}

# provider, model, generator, the name of its key's parameter and of its key
OPENAI = ("openai", "gpt-5", "OpenAIChatGenerator", "OPENAI_API_KEY")
OPENAI_SMALL = ("openai", "gpt-5-mini", "OpenAIChatGenerator", "OPENAI_API_KEY")
ANTHROPIC = ("anthropic", "claude-sonnet-4-5", "AnthropicChatGenerator", "ANTHROPIC_API_KEY")
MISTRAL = ("mistral", "mistral-small-latest", "MistralChatGenerator", "MISTRAL_API_KEY")


@dataclass(frozen=True)
class Team:
    """The address of haymow, the token of the person who sits before it, and the id of the model that is looked at."""

    url: str
    token: str
    assistant: str


def make(url: str, token: str) -> Team:
    """People, keys and models, in the order in which a team would have come to them."""
    with _client(url, token) as first:
        adas = _token_of(first, "Ada", "Okafor", "admin")
        workspace_id = str(_post(first, "/api/v1/workspaces", {"name": WORKSPACE})["workspace_id"])
        tomas_s = _token_of(first, "Tomás", "Vega", "editor", workspace_id)
    prefix = f"/api/v2/workspaces/{workspace_id}"
    with _client(url, adas) as ada, _client(url, tomas_s) as tomas:
        for name, value in (("OPENAI_API_KEY", "sk-of-no-use-1"), ("MISTRAL_API_KEY", "of-no-use-2")):
            _post(ada, "/api/v2/secrets", {"name": name, "secret": value})
        for model in (_model("assistant", *OPENAI), _model("translator", *MISTRAL)):
            _post(ada, "/api/v2/models/custom", model)
        assistant = _assistant(ada, tomas, prefix)
        _post(tomas, f"{prefix}/secrets", {"name": "OPENAI_API_KEY", "secret": "sk-of-no-use-3"})
        for person, model in (
            (tomas, _model("claims-triage", *OPENAI)),
            (ada, _model("claims-summary", *OPENAI_SMALL)),
            (ada, _model("letters", *ANTHROPIC)),
        ):
            _post(person, f"{prefix}/models/custom", model)
    return Team(url, adas, assistant)


def _assistant(ada: httpx.Client, tomas: httpx.Client, prefix: str) -> str:
    """A model that answers, with a history: what callers may set was narrowed twice."""
    local = _checked(ada.get(f"{prefix}/models", params={"name": LOCAL}))["data"][0]
    definition = {"name": "assistant", "provider": "local", "chat_generator_config": local["chat_generator_config"]}
    model_id = str(_post(ada, f"{prefix}/models/custom", {**definition, "generation_kwargs": {}})["model_id"])
    loose = {"type": "object", "properties": {"temperature": {**NUMBER, "minimum": 0, "maximum": 2}}}
    for person, schema in ((ada, loose), (tomas, PARAMETERS)):
        _checked(person.patch(f"{prefix}/models/custom/{model_id}", json={"generation_kwargs": schema}))
    for tested in (model_id, local["model_id"]):
        _checked(ada.post(f"{prefix}/models/{tested}/test"))
    return model_id


def _model(name: str, provider: str, model: str, generator: str, key: str) -> dict[str, Any]:
    secret = {"type": "env_var", "env_vars": [key], "strict": True}
    config = {"type": generator, "init_parameters": {"model": model, "api_key": secret}}
    return {"name": name, "provider": provider, "chat_generator_config": config, "generation_kwargs": PARAMETERS}


def _token_of(first: httpx.Client, given: str, family: str, role: str, workspace_id: str | None = None) -> str:
    """The token of a new person: an administrator of the organization, or in a workspace what `role` says."""
    of_all = "user" if workspace_id else role
    person = {"given_name": given, "family_name": family, "email": f"{family.lower()}@example.org", "role": of_all}
    user_id = _post(first, "/api/v2/members", person)["user_id"]
    if workspace_id:
        member = {"user_id": user_id, "role": role}
        _checked(first.put(f"/api/v2/workspaces/{workspace_id}/members", json=member))
    token = {"name": f"{given}'s laptop", "user_id": user_id, "role": role, "workspace_id": workspace_id}
    return str(_post(first, "/api/v2/tokens", token)["token"])


def _client(url: str, token: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60.0)


def _post(client: httpx.Client, path: str, body: Mapping[str, Any]) -> Any:
    return _checked(client.post(path, json=body))


def _checked(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else None
