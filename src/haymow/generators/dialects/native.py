"""What becomes of OpenAI's parameters where a provider has a protocol of its own: kept by hand from the sources.

As in `openai_dialects.py`, what a generator cannot honour has no rule. Reviewed when a package is updated.
"""

from __future__ import annotations

from typing import Any, Final

from haymow.generators.dialects.rules import (
    OPENAI_NAMES,
    PASSING,
    WITHOUT_TOOLS,
    AllBut,
    Dialect,
    Rule,
    Unsupported,
    Values,
    chosen,
    listed,
    passing_but,
    response_format,
    same,
    tokens,
    tool_choice,
)

# --- Anthropic ---

_EFFORTS: Final = {
    "none": "none", "minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max",
}  # fmt: skip
_CHOICES: Final = {"none": "none", "auto": "auto", "required": "any"}


def _is_a_choice(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") in ("auto", "any", "tool", "none")


def _user_id(value: Any, _: Values) -> dict[str, Any]:
    """Anthropic's `metadata` has but a user; OpenAI's has anything."""
    if not isinstance(value, dict) or value.keys() - {"user_id"}:
        raise Unsupported("This model's generator takes nothing but a user_id here.")
    return {"metadata": value}


# The flat keys of anthropic-haystack 8.0 and amazon-bedrock-haystack 9.0, `_resolve_flattened_generation_kwargs`.
_CLAUDE_RULES: Final = {
    "parallel_tool_calls": Rule(
        lambda value, _: {} if value is True else {"parallel_tool_use": value},
        ("parallel_tool_use", "disable_parallel_tool_use", "tool_choice_disable_parallel_tool_use"),
    ),
    "reasoning_effort": chosen(
        {word: {"adaptive_thinking_effort": effort} for word, effort in _EFFORTS.items()},
        "adaptive_thinking_effort", "thinking", "thinking_type", "thinking_budget_tokens", "thinking_display",
        "output_config_effort", within=("output_config",),
    ),
}  # fmt: skip

# anthropic-haystack 8.0 ALLOWED_PARAMS; what is not among them it drops with a warning.
ANTHROPIC: Final = Dialect(
    {
        **PASSING,
        **_CLAUDE_RULES,
        "max_completion_tokens": same("max_tokens"),
        "metadata": Rule(_user_id),
        "response_format": response_format(
            lambda wanted, _: {"output_config_format": {"type": "json_schema", "schema": wanted["schema"]}},
            None, "output_config_format", within=("output_config",),
        ),
        "stop": listed("stop_sequences"),
        "tool_choice": tool_choice(
            {word: {"tool_choice": {"type": own}} for word, own in _CHOICES.items()},
            lambda name: {"tool_choice": {"type": "tool", "name": name}},
            "tool_choice_type", "tool_choice_name", is_own=_is_a_choice,
        ),
    },
    frozenset(
        {
            "max_tokens", "service_tier", "stop_sequences", "temperature", "top_k", "top_p", "thinking",
            "output_config", "adaptive_thinking_effort", "thinking_type", "thinking_budget_tokens",
            "thinking_display", "output_config_effort", "output_config_format", "parallel_tool_use",
            "disable_parallel_tool_use", "tool_choice_type", "tool_choice_name",
            "tool_choice_disable_parallel_tool_use",
        }
    ),
)  # fmt: skip

# --- Google ---


def _format_of_google(wanted: Values, _: Values) -> dict[str, Any]:
    return {"response_mime_type": "application/json", "response_json_schema": wanted["schema"]}


def _calling(mode: str, *names: str) -> dict[str, Any]:
    allowed = {"allowed_function_names": list(names)} if names else {}
    return {"tool_config": {"function_calling_config": {"mode": mode, **allowed}}}


def _gemini(efforts: dict[str, Values]) -> Dialect:
    return Dialect(
        {
            **passing_but("frequency_penalty", "presence_penalty"),
            **tokens("max_output_tokens"),
            "reasoning_effort": chosen(efforts, "thinking_level", "thinking_budget", "thinking_config"),
            "response_format": response_format(
                _format_of_google, lambda *_: {"response_mime_type": "application/json"},
                "response_mime_type", "response_schema", "response_json_schema",
            ),
            "stop": listed("stop_sequences"),
            "tool_choice": tool_choice(
                {"none": _calling("NONE"), "auto": _calling("AUTO"), "required": _calling("ANY")},
                lambda name: _calling("ANY", name), "tool_config",
            ),
        },
        _GOOGLES,
    )  # fmt: skip


# google-genai 3.6 types.GenerateContentConfig, which refuses others, and google-genai-haystack 7.0 utils.py. Left out:
# what the call itself says (tools, the system's message), where it goes, and content kept from other calls.
_GOOGLES: Final = frozenset(
    {
        "audio_timestamp", "frequency_penalty", "image_config", "include_thoughts", "labels", "max_output_tokens",
        "media_resolution", "model_armor_config", "presence_penalty", "response_json_schema", "response_mime_type",
        "response_modalities", "response_schema", "routing_config", "safety_settings", "seed", "service_tier",
        "speech_config", "stop_sequences", "temperature", "thinking_budget", "thinking_config", "thinking_level",
        "tool_config", "top_k", "top_p",
    }
)  # fmt: skip

# Gemini 3 thinks by levels and cannot stop thinking; Gemini 2.5 counts tokens (Google's own table for OpenAI's names).
GEMINI: Final = _gemini({w: {"thinking_level": w} for w in ("minimal", "low", "medium", "high", "xhigh")})
_BUDGETS: Final = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
GEMINI_2: Final = _gemini({word: {"thinking_budget": budget} for word, budget in _BUDGETS.items()})

# --- Cohere, Ollama, Bedrock ---

# cohere-haystack 11.0: cohere 7.3 AsyncClientV2.chat, which has no parameter for others.
COHERE: Final = Dialect(
    {
        **passing_but("frequency_penalty", "presence_penalty", "logprobs"),
        "max_completion_tokens": same("max_tokens"),
        "reasoning_effort": chosen(
            {"none": {"thinking": {"type": "disabled"}}, "high": {"thinking": {"type": "enabled"}}}, "thinking"
        ),
        "response_format": response_format(
            lambda wanted, _: {"response_format": {"type": "json_object", "json_schema": wanted["schema"]}},
            lambda value, _: {"response_format": value},
        ),
        "stop": listed("stop_sequences"),
        "tool_choice": tool_choice(
            {"auto": {}, "none": {"tool_choice": "NONE"}, "required": {"tool_choice": "REQUIRED"}},
            is_own=lambda value: value in ("NONE", "REQUIRED"),
        ),
        "top_k": same("k"),
        "top_p": same("p"),
    },
    frozenset(
        {
            "citation_options", "documents", "frequency_penalty", "k", "logprobs", "max_tokens", "p",
            "presence_penalty", "priority", "safety_mode", "seed", "stop_sequences", "strict_tools", "temperature",
            "thinking",
        }
    ),
)  # fmt: skip

# ollama-haystack 7.0 chat_generator.py: all goes into `options`, the fields of ollama 0.6 Options; the server skips
# others. The format and the thinking are the definition's alone. Left out: what belongs to the machine it runs on.
OLLAMA: Final = Dialect(
    {
        **passing_but("frequency_penalty", "presence_penalty"),
        **tokens("num_predict"),
        "stop": listed("stop"),
        "tool_choice": tool_choice(WITHOUT_TOOLS),
    },
    frozenset(
        {
            "frequency_penalty", "mirostat", "mirostat_eta", "mirostat_tau", "num_ctx", "num_keep", "num_predict",
            "penalize_newline", "presence_penalty", "repeat_last_n", "repeat_penalty", "seed", "temperature", "tfs_z",
            "top_k", "top_p", "typical_p",
        }
    ),
)  # fmt: skip

# amazon-bedrock-haystack 9.0 `_prepare_request_params`: four names are for every model, and whatever else is not known
# goes to the model as it is, OpenAI's names too. Tools leave no room for a `toolChoice`. Left out: what models call
# those four themselves, and what holds them.
_BEDROCK_RULES: Final = {
    **PASSING,
    **tokens("maxTokens"),
    "response_format": response_format(
        lambda wanted, _: {"response_format": {k: wanted[k] for k in ("name", "schema", "description") if k in wanted}},
        None,
    ),
    "stop": listed("stopSequences"),
    "tool_choice": tool_choice(WITHOUT_TOOLS),
    "top_p": same("topP"),
}
_BEDROCKS: Final = AllBut(
    *OPENAI_NAMES - {"temperature"}, "generationConfig", "inferenceConfig", "maxTokenCount", "max_gen_len",
    "max_new_tokens", "max_tokens_to_sample", "stop_sequences", "textGenerationConfig", "toolConfig",
)  # fmt: skip
BEDROCK: Final = Dialect(_BEDROCK_RULES, _BEDROCKS)
BEDROCK_CLAUDE: Final = Dialect({**_BEDROCK_RULES, **_CLAUDE_RULES}, _BEDROCKS)
