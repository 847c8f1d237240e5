"""How OpenAI's parameters may become a generator's: the rules of `openai_dialects.py` and `native_dialects.py`."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

# openai 3.x chat.completions.create, without what belongs to the connection, the messages and the tools.
OPENAI_NAMES: Final = frozenset(
    {
        "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
        "max_tokens", "metadata", "modalities", "moderation", "n", "parallel_tool_calls", "prediction",
        "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort",
        "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "temperature", "tool_choice",
        "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
    }
)  # fmt: skip

NO_TOOLS: Final = "tools"
"""In what a rule sends: the call's tools are left out. No parameter has this name, for no call may set it."""

_MEANINGS: Final = {"max_completion_tokens": "max_tokens"}
"""Names of OpenAI's that mean the same as another of them."""

Values = Mapping[str, Any]
Send = Callable[[Any, Values], dict[str, Any]]


class Unsupported(Exception):
    """A generator cannot do what a parameter asks. Its text says what to do instead."""


@dataclass(frozen=True)
class Rule:
    """What becomes of one of OpenAI's parameters.

    `send` gives what is sent for a value, by the generator's names, and may look into the definition's defaults; it
    raises Unsupported. `own` are the generator's names of the same meaning, and `within` those that hold others too.
    `keeps_value`: a value means the same under either name.
    """

    send: Send
    own: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    keeps_value: bool = False


@dataclass(frozen=True)
class Dialect:
    """How a generator wants its parameters: `rules` by OpenAI's names, and what else it `takes`, as it is sent."""

    rules: Mapping[str, Rule]
    takes: Container[str]

    @cached_property
    def members(self) -> dict[str, tuple[str, ...]]:
        """The names of each meaning, OpenAI's first; a meaning is known by one of OpenAI's names."""
        found: dict[str, dict[str, None]] = {}
        for name in self.rules:
            found.setdefault(_MEANINGS.get(name, name), {})[name] = None
        for name, rule in self.rules.items():
            found[_MEANINGS.get(name, name)].update(dict.fromkeys((*rule.own, *rule.within)))
        return {meaning: tuple(names) for meaning, names in found.items()}

    @cached_property
    def meanings(self) -> dict[str, tuple[str, ...]]:
        """The meanings of each name that has a rule or is named in one."""
        found: dict[str, tuple[str, ...]] = {}
        for meaning, names in self.members.items():
            for name in names:
                found[name] = (*found.get(name, ()), meaning)
        return found

    @cached_property
    def replaced(self) -> dict[str, frozenset[str]]:
        """The defaults that each name takes the place of when a call sets it."""
        shared = {name for rule in self.rules.values() for name in rule.within}
        return {name: frozenset(self._replaced(name, shared)) for name in self.meanings}

    @cached_property
    def known(self) -> dict[str, str]:
        """Names that a refusal may repeat, for they are no caller's: each for itself."""
        return {name: name for name in (*OPENAI_NAMES, *self.meanings)}

    @cached_property
    def takes_all(self) -> bool:
        """Whether no name is refused here."""
        return isinstance(self.takes, AllBut) and not self.takes.names

    def keeps_value(self, meaning: str) -> bool:
        """Whether a value of `meaning` is the same under all its names."""
        return all(rule.keeps_value for name, rule in self.rules.items() if _MEANINGS.get(name, name) == meaning)

    def _replaced(self, name: str, shared: set[str]) -> set[str]:
        names = {other for meaning in self.meanings[name] for other in self.members[meaning]}
        return {name} | (names - shared if name in self.rules else names & OPENAI_NAMES)


# --- rules ---


def same(name: str, *own: str, within: tuple[str, ...] = ()) -> Rule:
    """The same value under the generator's name."""
    return Rule(lambda value, _: {name: value}, (name, *own), within, keeps_value=True)


def listed(name: str) -> Rule:
    """`stop`, a text or a list of texts, for those that take a list."""
    return Rule(lambda value, _: {name: [value] if isinstance(value, str) else value}, (name,), keeps_value=True)


def passing(is_so: Callable[[Any], bool]) -> Rule:
    """A parameter that the generator does not have: not sent, where a value asks for what `is_so` anyway."""

    def send(value: Any, _: Values) -> dict[str, Any]:
        if not is_so(value):
            raise Unsupported("This model's generator cannot do this: leave it out.")
        return {}

    return Rule(send)


def chosen(values: Mapping[str, Values], *own: str, within: tuple[str, ...] = ()) -> Rule:
    """A parameter of a few words, by what is sent for each."""

    def send(value: Any, _: Values) -> dict[str, Any]:
        if not isinstance(value, str) or value not in values:
            raise Unsupported(f"This model's generator takes {' or '.join(values)}.")
        return dict(values[value])

    return Rule(send, own, within)


def tool_choice(
    words: Mapping[str, Values],
    function: Callable[[str], dict[str, Any]] | None = None,
    *own: str,
    is_own: Callable[[Any], bool] = lambda _: False,
) -> Rule:
    """`tool_choice`: one of `words`, or a function by its name.

    `is_own` tells the generator's own values where it has this name too.
    """

    def send(value: Any, _: Values) -> dict[str, Any]:
        if isinstance(value, str) and value in words:
            return dict(words[value])
        if is_own(value):
            return {"tool_choice": value}
        called = value.get("function") if isinstance(value, dict) and value.get("type") == "function" else None
        if function and isinstance(called, dict) and isinstance(called.get("name"), str):
            return function(called["name"])
        raise Unsupported(f"This model's generator takes {' or '.join(words)}{' or a function' if function else ''}.")

    return Rule(send, own)


def response_format(schema: Send, json_object: Send | None, *own: str, within: tuple[str, ...] = ()) -> Rule:
    """`response_format`, by what is sent for a `json_schema` ({name, schema, ...}) and for the type json_object."""

    def send(value: Any, defaults: Values) -> dict[str, Any]:
        kind = value.get("type") if isinstance(value, dict) else None
        wanted = value.get("json_schema") if kind == "json_schema" else None
        if isinstance(wanted, dict) and isinstance(wanted.get("schema"), dict):
            return schema(wanted, defaults)
        if kind == "json_object" and json_object:
            return json_object(value, defaults)
        kinds = "json_schema, with a schema" + (", or json_object" if json_object else "")
        raise Unsupported(f"This model's generator takes a format of the type {kinds}.")

    return Rule(send, own, within)


class AllBut:
    """Every name but some."""

    def __init__(self, *names: str) -> None:
        self.names = frozenset(names)

    def __contains__(self, name: object) -> bool:
        return name not in self.names


# --- rules that several share ---


def is_just(so: object) -> Rule:
    """A parameter that the generator does not have, whose one harmless value is `so`."""
    return passing(lambda value: value == so and isinstance(value, bool) == isinstance(so, bool))


# What may be left out wherever there is no such parameter: it changes nothing, or only says who asks.
PASSING: Final = {
    "frequency_penalty": is_just(0),
    "logprobs": is_just(False),
    "n": is_just(1),
    "parallel_tool_calls": is_just(True),
    "presence_penalty": is_just(0),
    "user": passing(lambda value: isinstance(value, str)),
}


def tokens(name: str) -> dict[str, Rule]:
    """The rules of both of OpenAI's names for the most tokens of an answer."""
    return {"max_tokens": same(name), "max_completion_tokens": same(name)}


def passing_but(*names: str) -> dict[str, Rule]:
    """The rules of PASSING, but for parameters that the generator has."""
    return {name: rule for name, rule in PASSING.items() if name not in names}


WITHOUT_TOOLS: Final[dict[str, Values]] = {"auto": {}, "none": {NO_TOOLS: ()}}
"""The words of `tool_choice` that need no such parameter."""
