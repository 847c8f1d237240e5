"""What becomes of OpenAI's parameters where its own protocols are spoken, or nearly: kept by hand from the sources.

Where a generator has no way to honour a parameter, it has no rule here, and a call that sets it is refused: most of
the libraries would drop it without a word, or send it somewhere else. Reviewed when a package is updated.
"""

from __future__ import annotations

from typing import Any, Final

from haymow.generators.dialects.rules import (
    PASSING,
    WITHOUT_TOOLS,
    AllBut,
    Dialect,
    Rule,
    Values,
    listed,
    passing_but,
    response_format,
    same,
    tokens,
    tool_choice,
)

# haystack-ai 3.4 openai.py: all goes to the SDK, which refuses what it has no name for. Both names of the tokens are
# real there: a model takes one, or the other, or both.
OPENAI: Final = Dialect({name: same(name) for name in ("max_tokens", "max_completion_tokens")}, AllBut())


def _reasoning(effort: Any, defaults: Values) -> dict[str, Any]:
    said = defaults.get("reasoning")
    kept = {k: v for k, v in said.items() if k not in ("enabled", "max_tokens")} if isinstance(said, dict) else {}
    return {"reasoning": {**kept, "effort": effort}}


# openrouter-haystack 2.0 chat_generator.py: everything in `extra_body`, so by OpenRouter's own name.
OPENROUTER: Final = Dialect({**OPENAI.rules, "reasoning_effort": Rule(_reasoning, ("reasoning",))}, AllBut())

# litellm-haystack: OpenAI's names, of which facts.LITELLM_GENERATION_KWARGS lets some in.
LITELLM: Final = Dialect({**OPENAI.rules, "reasoning_effort": same("reasoning_effort", "thinking")}, AllBut())

# mistral-haystack 3.0: by OpenAI's SDK to an API that refuses what mistralai 3.7 `ChatCompletionRequest` lacks. Its
# `random_seed` has no name in that SDK, and so no way through.
MISTRAL: Final = Dialect(
    {"user": PASSING["user"], "max_completion_tokens": same("max_tokens")},
    frozenset(
        {
            "frequency_penalty", "logprobs", "max_tokens", "metadata", "n", "parallel_tool_calls", "prediction",
            "presence_penalty", "prompt_cache_key", "prompt_mode", "reasoning_effort", "response_format",
            "safe_prompt", "service_tier", "stop", "temperature", "tool_choice", "top_logprobs", "top_p",
        }
    ),
)  # fmt: skip

# huggingface-api-haystack 3.1: huggingface_hub 2.4 AsyncInferenceClient.chat_completion; of `n` answers it reads one.
HUGGING_FACE: Final = Dialect(
    {
        **passing_but("frequency_penalty", "presence_penalty", "logprobs"),
        "max_completion_tokens": same("max_tokens"),
        "stop": listed("stop"),
    },
    frozenset(
        {
            "frequency_penalty", "logit_bias", "logprobs", "max_tokens", "presence_penalty", "response_format", "seed",
            "temperature", "tool_choice", "tool_prompt", "top_logprobs", "top_p",
        }
    ),
)  # fmt: skip

# watsonx-haystack 3.0: `params` of ibm-watsonx-ai 1.8 ModelInference.achat, the fields of TextChatParameters. What
# chooses a tool is no part of them.
WATSONX: Final = Dialect(
    {
        **passing_but("frequency_penalty", "presence_penalty", "logprobs", "n"),
        **OPENAI.rules,
        "stop": listed("stop"),
        "tool_choice": tool_choice(WITHOUT_TOOLS),
    },
    frozenset(
        {
            "chat_template_kwargs", "frequency_penalty", "guided_choice", "guided_grammar", "guided_json",
            "guided_regex", "include_reasoning", "length_penalty", "logit_bias", "logprobs", "n", "presence_penalty",
            "reasoning_effort", "repetition_penalty", "response_format", "seed", "temperature", "time_limit",
            "top_logprobs", "top_p",
        }
    ),
)  # fmt: skip

# --- OpenAI's Responses ---


def _text(form: Values, defaults: Values) -> dict[str, Any]:
    said = defaults.get("text")
    return {"text": {**(said if isinstance(said, dict) else {}), "format": form}}


# openai 3.x responses.create, and haystack-ai 3.4 openai_responses.py `_resolve_flattened_kwargs`. Left out: what would
# bring in messages of other calls made with the same key, and answers that come later.
RESPONSES: Final = Dialect(
    {
        **passing_but("parallel_tool_calls", "user"),
        **tokens("max_output_tokens"),
        "reasoning_effort": same("reasoning_effort", within=("reasoning",)),
        "response_format": response_format(
            lambda wanted, defaults: _text({"type": "json_schema", **wanted}, defaults),
            lambda _, defaults: _text({"type": "json_object"}, defaults),
            within=("text",),
        ),
        "tool_choice": tool_choice(
            {word: {"tool_choice": word} for word in ("none", "auto", "required")},
            lambda name: {"tool_choice": {"type": "function", "name": name}},
            is_own=lambda value: isinstance(value, dict) and "type" in value and "function" not in value,
        ),
        "verbosity": same("verbosity", within=("text",)),
    },
    frozenset(
        {
            "context_management", "include", "include_reasoning_encrypted_content", "instructions",
            "max_output_tokens", "max_tool_calls", "metadata", "moderation", "parallel_tool_calls",
            "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning", "reasoning_mode",
            "reasoning_summary", "safety_identifier", "service_tier", "store", "temperature", "text", "top_logprobs",
            "top_p", "truncation", "user",
        }
    ),
)  # fmt: skip
