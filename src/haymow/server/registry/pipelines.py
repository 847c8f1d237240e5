"""A pipeline with a model in it, as the YAML that Haystack loads."""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

import yaml

from haymow.documents import from_text
from haymow.server.registry.rules import Definition

Component = Literal["llm", "agent", "generator"]
Mode = Literal["remote", "local", "pasted"]

COMPONENT: Final = "haystack_integrations.components.generators.haymow.chat.chat_generator.HaymowChatGenerator"

_LLM: Final = "haystack.components.generators.chat.llm.LLM"
_AGENT: Final = "haystack.components.agents.agent.Agent"


class Address(NamedTuple):
    """Where a pipeline finds a model again: haymow's own address, the workspace's id, the model's name or id."""

    api_base_url: str
    workspace: str
    model: str


def pipeline(definition: Definition, address: Address, component: Component, mode: Mode) -> str:
    """The YAML of a pipeline whose one component is, or holds, the chat generator of a model.

    Secrets are in it by name only. Texts that YAML would read as something else are quoted.
    """
    chat_generator = _chat_generator(definition, address, mode)
    document = {
        "components": {component: _around(chat_generator, component)},
        "connections": [],
        "max_runs_per_component": 100,
        "metadata": {},
    }
    return str(yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_ONE_LINE))


_ONE_LINE: Final = 2**30  # a text that is folded is harder to read, and to search for


class _Dumper(yaml.SafeDumper):
    """Writes out what stands in two places, where YAML would refer to the first one."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Texts of several lines in double quotes: PyYAML's other styles lose U+0085, and are hard to read."""
        style = '"' if any(mark in data for mark in _BREAKS) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_BREAKS: Final = ("\n", "\r", "\x85", "\u2028", "\u2029")

_Dumper.add_representer(str, _Dumper.represent_str)


def _around(chat_generator: dict[str, Any], component: Component) -> dict[str, Any]:
    if component == "llm":
        return {"type": _LLM, "init_parameters": {"chat_generator": chat_generator}}
    if component == "agent":
        return {"type": _AGENT, "init_parameters": {"chat_generator": chat_generator, "tools": []}}
    return chat_generator


def _chat_generator(definition: Definition, address: Address, mode: Mode) -> dict[str, Any]:
    if mode == "pasted":
        config: dict[str, Any] = from_text(definition.chat_generator_config)
        return config
    parameters: dict[str, Any] = {
        "model": address.model,
        "workspace": address.workspace,
        "api_base_url": address.api_base_url,
        "api_key": {"type": "env_var", "env_vars": ["HAYMOW_API_KEY"], "strict": True},
        "mode": mode,
    }
    if mode == "local" and definition.destination and "*" not in definition.destination:
        # Whoever pastes it sees which keys go where, and a later definition sends them nowhere else.
        parameters["local_hosts"] = {definition.destination: sorted(definition.uses)}
    return {"type": COMPONENT, "init_parameters": parameters}
