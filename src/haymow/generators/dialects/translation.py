"""A call's parameters in the names of its model's generator, checked under those that its schema speaks of.

Callers name parameters as OpenAI does, or as the generator does, and so does a model's schema. What means the same is
held to what the schema says of either, and takes the place of the definition's default of either.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from haymow.errors import Fault, Invalid
from haymow.generators.dialects import native, openai
from haymow.generators.dialects.rules import NO_TOOLS, OPENAI_NAMES, Dialect, Unsupported
from haymow.generators.parameters.checks import CheckedSchema, check_call
from haymow.generators.parameters.patterns import compiled

_BY_DIALECT: Final[tuple[tuple[Dialect, tuple[str, ...]], ...]] = (
    (
        openai.OPENAI,
        (
            "AIMLAPI", "AzureOpenAI", "CometAPI", "EdenAI", "Hetzner", "LlamaStack", "MetaLlama", "Mock", "Nvidia",
            "OpenAI", "OrcaRouter", "Otari", "Runcrate", "STACKIT", "TogetherAI", "VLLM",
        ),
    ),
    (openai.RESPONSES, ("AzureOpenAIResponses", "OpenAIResponses", "Perplexity")),
    (openai.HUGGING_FACE, ("HuggingFaceAPI",)),
    (openai.LITELLM, ("LiteLLM",)),
    (openai.MISTRAL, ("Mistral",)),
    (openai.OPENROUTER, ("OpenRouter",)),
    (openai.WATSONX, ("Watsonx",)),
    (native.ANTHROPIC, ("Anthropic", "AnthropicFoundry", "AnthropicVertex")),
    (native.BEDROCK, ("AmazonBedrock",)),
    (native.COHERE, ("Cohere",)),
    (native.GEMINI, ("GoogleGenAI",)),
    (native.OLLAMA, ("Ollama",)),
)  # fmt: skip
DIALECTS: Final = {f"{name}ChatGenerator": dialect for dialect, names in _BY_DIALECT for name in names}
"""By the short names of the classes."""


def dialect_of(generator: str, model: str = "") -> Dialect:
    """The dialect of a generator, by the short name of its class, for `model`. Raises KeyError for an unknown one."""
    if generator == "GoogleGenAIChatGenerator" and "gemini-2" in model:
        return native.GEMINI_2
    if generator == "AmazonBedrockChatGenerator" and "anthropic." in model:
        return native.BEDROCK_CLAUDE
    return DIALECTS[generator]


def defaults_taken_out(config: dict[str, Any]) -> dict[str, Any]:
    """Remove the defaults from a canonical config and return them: a generator would add its own to every call's."""
    parameters = config["init_parameters"]
    defaults: dict[str, Any] = parameters.pop("generation_kwargs", None) or {}
    if defaults.get("stop") and parameters.get("stop_words"):  # HuggingFaceAPIChatGenerator joins the two
        return {**defaults, "stop": [*defaults["stop"], *parameters["stop_words"]]}
    return defaults


def held_defaults(config: Mapping[str, Any], schema: CheckedSchema) -> dict[str, Any]:
    """The defaults of a canonical config in their order, by the names that `schema` is to be asked about them."""
    parameters = config["init_parameters"]
    defaults: dict[str, Any] = parameters.get("generation_kwargs") or {}
    dialect = dialect_of(config["type"].rpartition(".")[2], parameters.get("model") or "")
    if dialect.meanings.keys().isdisjoint(defaults):
        return defaults
    return Translation(dialect, schema, defaults).held_defaults


class Asked(NamedTuple):
    """What a generator is called with: the definition's defaults and the call's parameters, by its own names.

    `without_tools`: the call forbids tools, which this generator can only do without hearing of them.
    """

    parameters: dict[str, Any]
    without_tools: bool = False


class Translation:
    """Translates the calls of one model. `defaults` are those of its definition: the generator must have none."""

    def __init__(self, dialect: Dialect, schema: CheckedSchema, defaults: Mapping[str, Any]) -> None:
        self.defaults = dict(defaults)
        self._dialect = dialect
        self._schema = schema
        self._spoken = _spoken_of(schema.schema, dialect.known)
        self._placed = dict(self._places_of_defaults())
        self.held_defaults = {place: self.defaults[name] for name, place in self._placed.items()}
        """The defaults, by the names that the schema is asked about them."""

    # Calls alone need these: a definition that is saved asks about its defaults, and no more.

    @cached_property
    def _siblings(self) -> dict[str, tuple[str, ...]]:
        return {name: self._siblings_of(name) for name in self._dialect.meanings if name not in self._spoken}

    @cached_property
    def _itself(self) -> set[str]:
        return {name for name in self._dialect.meanings if self._is_itself(name)}

    def asked(self, call: dict[str, Any]) -> Asked:
        """What to call the generator with.

        Raises Invalid, whose faults name parameters as they were sent: what the generator has no way to honour, two
        names of one meaning, and what the schema does not allow.
        """
        ruled = self._dialect.meanings.keys() & call.keys()
        if self._dialect.takes_all and len(ruled) <= 1 and ruled <= self._itself:
            check_call(self._schema, self.held_defaults, call, known=self._dialect.known)
            return Asked({**self.defaults, **call})
        return self._translated(call)

    def _is_itself(self, name: str) -> bool:
        """Whether a call's `name`, without a second one of its meaning, is checked and sent as it is."""
        rule = self._dialect.rules.get(name)
        is_same = rule is not None and rule.keeps_value and rule.own == (name,)
        others = self._dialect.replaced[name] - {name}
        return is_same and not self._siblings.get(name) and others.isdisjoint(self.defaults)

    def _translated(self, call: dict[str, Any]) -> Asked:
        reading = _Reading(self._dialect, self._spoken, self._siblings, self.defaults)
        for name, value in call.items():
            reading.read(name, value)
        reading.require_no_faults()
        kept = [name for name in self.defaults if name not in reading.replaced]
        known = ChainMap(reading.as_sent, self._dialect.known)
        base = {self._placed[name]: self.defaults[name] for name in kept}
        check_call(self._schema, base, reading.checked, known=known)
        parameters = {**{name: self.defaults[name] for name in kept}, **reading.sent}
        return Asked(parameters, without_tools=parameters.pop(NO_TOOLS, None) is not None)

    def _siblings_of(self, name: str) -> tuple[str, ...]:
        """The schema's names for what `name` means, of which it does not speak itself."""
        members = (self._dialect.members[meaning] for meaning in self._dialect.meanings[name])
        found = (next((other for other in names if other in self._spoken), None) for names in members)
        return tuple(dict.fromkeys(other for other in found if other is not None))

    def _places_of_defaults(self) -> Iterator[tuple[str, str]]:
        """Each default with the name that it is checked under: the schema's, where its value means the same there."""
        for name in self.defaults:
            meanings = self._dialect.meanings.get(name, ())
            siblings = self._siblings_of(name) if meanings and name not in self._spoken else ()
            keeps = all(self._dialect.keeps_value(meaning) for meaning in meanings)
            yield name, siblings[0] if siblings and keeps and siblings[0] not in self.defaults else name


class _Reading:
    """One call, read parameter by parameter: what of it is `checked` under which names, and what is `sent`."""

    def __init__(
        self,
        dialect: Dialect,
        spoken: frozenset[str],
        siblings: Mapping[str, tuple[str, ...]],
        defaults: Mapping[str, Any],
    ) -> None:
        self.checked: dict[str, Any] = {}
        self.as_sent: dict[str, str] = {}
        self.sent: dict[str, Any] = {}
        self.replaced: set[str] = set()
        self._dialect, self._spoken, self._siblings, self._defaults = dialect, spoken, siblings, defaults
        self._named: dict[str, str] = {}
        self._faults: list[Fault] = []

    def read(self, name: str, value: Any) -> None:
        """Take one parameter in."""
        try:
            sent = self._sent(name, value)
        except Unsupported as error:
            self._faults.append(Fault(f"#/{name}", "unsupported_parameter", str(error)))
            return
        self._name(name)
        self.replaced |= self._dialect.replaced.get(name, frozenset())
        self.sent.update(sent)
        for place, held in self._held(name, value, sent):
            if place in self.checked:
                self._conflict(name)
            self.checked[place] = held
            self.as_sent[place] = name

    def require_no_faults(self) -> None:
        """Raise Invalid if anything is wrong before the schema is asked."""
        if self._faults:
            is_twice = self._faults[0].code == "conflicting_parameters"
            code = "conflicting_parameters" if is_twice else "unsupported_parameter"
            raise Invalid("The model does not take these parameters.", self._faults, code=code)

    def _sent(self, name: str, value: Any) -> dict[str, Any]:
        rule = self._dialect.rules.get(name)
        if rule is not None:
            return rule.send(value, self._defaults)
        if name in self._dialect.takes:
            return {name: value}
        raise Unsupported("This model's generator has no such parameter: leave it out.")

    def _held(self, name: str, value: Any, sent: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """What the schema is asked about a parameter. What is left out and not spoken of is not asked about."""
        siblings = self._siblings.get(name)
        if siblings is None:
            yield name, value
            return
        yield from ((place, value) for place in siblings if place not in sent)
        if not siblings or not sent.keys().isdisjoint(siblings):
            yield from ((place, held) for place, held in sent.items() if place != NO_TOOLS)

    def _name(self, name: str) -> None:
        """Refuse a second name of a meaning; the generator's own are often parts of one."""
        for meaning in self._dialect.meanings.get(name, ()):
            other = self._named.setdefault(meaning, name)
            if other != name and not OPENAI_NAMES.isdisjoint((name, other)):
                self._conflict(name)

    def _conflict(self, name: str) -> None:
        message = "The call says this twice, by two names: leave one out."
        self._faults.append(Fault(f"#/{name}", "conflicting_parameters", message))


# --- what a schema speaks of ---

_LISTS: Final = ("allOf", "anyOf", "oneOf")
_SINGLE: Final = ("if", "then", "else", "not")


def _spoken_of(schema: dict[str, Any], known: Iterable[str]) -> frozenset[str]:
    """Those of the `known` names that a schema says something of, by themselves or by a pattern, wherever it does."""
    parts = list(_in_place(schema))
    names = set(chain.from_iterable(_names_in(part) for part in parts))
    patterns = {pattern: False for part in parts for pattern in part.get("patternProperties", ())}
    if patterns:
        matching_none = compiled({"patternProperties": patterns})
        names |= {name for name in known if not matching_none.is_valid({name: None})}
    return frozenset(name for name in known if name in names)


def _names_in(part: dict[str, Any]) -> Iterator[str]:
    for keyword in ("properties", "required", "dependentRequired", "dependentSchemas"):
        yield from part.get(keyword, ())


def _in_place(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schema, and every other that it applies to the same value."""
    open_: list[Any] = [schema]
    seen: set[int] = set()
    while open_:
        part = open_.pop()
        if not isinstance(part, dict) or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        open_ += [entry for keyword in _LISTS for entry in part.get(keyword, ())]
        open_ += [part[keyword] for keyword in _SINGLE if keyword in part]
        open_ += part.get("dependentSchemas", {}).values()
        if "$ref" in part:
            open_.append(_referred(schema, part["$ref"]))


def _referred(schema: Any, reference: str) -> Any:
    """What a checked schema's `$ref` leads to."""
    for step in unquote(reference).split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        schema = schema[int(key)] if isinstance(schema, list) else schema[key]
    return schema
