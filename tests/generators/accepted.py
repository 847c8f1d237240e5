"""What generators take at call time, copied from the sources of those that the tests' environment does not have."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# anthropic-haystack 8.0.1, AnthropicChatGenerator.ALLOWED_PARAMS, and the flat keys that
# `_resolve_flattened_generation_kwargs` turns into them: `tool_choice_*`, `thinking_*` and `output_config_*` too.
ANTHROPIC = _names(
    "metadata max_tokens service_tier stop_sequences temperature top_p top_k thinking output_config tool_choice "
    "adaptive_thinking_effort thinking_budget_tokens parallel_tool_use disable_parallel_tool_use"
)
ANTHROPIC_PREFIXES = ("tool_choice_", "thinking_", "output_config_")

# google-genai 3.6.1, types.GenerateContentConfig.model_fields, which forbids others; and what google-genai-haystack
# 7.0.0 utils.py makes into them.
GOOGLE = _names(
    "http_options should_return_http_response system_instruction temperature top_p top_k candidate_count "
    "max_output_tokens stop_sequences response_logprobs logprobs presence_penalty frequency_penalty seed "
    "response_mime_type response_schema response_json_schema routing_config model_selection_config safety_settings "
    "tools tool_config labels cached_content response_modalities media_resolution speech_config audio_timestamp "
    "automatic_function_calling thinking_config image_config enable_enhanced_civic_answers model_armor_config "
    "service_tier audio_transcription_config continuation_token automatic_continuation generation_output_config "
    "store thinking_budget thinking_level include_thoughts response_format"
)

# cohere 7.3.1, AsyncClientV2.chat and chat_stream, which have the same signature.
COHERE = _names(
    "model messages tools strict_tools documents citation_options response_format safety_mode max_tokens "
    "stop_sequences temperature seed frequency_penalty presence_penalty k p logprobs tool_choice thinking priority "
    "request_options"
)

# ollama 0.6.3, Options.model_fields: ollama-haystack 7.0.2 passes every parameter as one of the `options`.
OLLAMA = _names(
    "numa num_ctx num_batch num_gpu main_gpu low_vram f16_kv logits_all vocab_only use_mmap use_mlock embedding_only "
    "num_thread num_keep seed num_predict top_k top_p tfs_z typical_p repeat_last_n temperature repeat_penalty "
    "presence_penalty frequency_penalty mirostat mirostat_tau mirostat_eta penalize_newline stop"
)

# amazon-bedrock-haystack 9.0.0, `_prepare_request_params` and `_resolve_flattened_generation_kwargs`: all others go
# into additionalModelRequestFields, where only the model itself knows them.
BEDROCK = _names("maxTokens stopSequences temperature topP response_format adaptive_thinking_effort parallel_tool_use")

# huggingface_hub 2.4.0, AsyncInferenceClient.chat_completion.
HUGGING_FACE = _names(
    "frequency_penalty logit_bias logprobs max_tokens n presence_penalty response_format seed stop stream_options "
    "temperature tool_choice tool_prompt tools top_logprobs top_p"
)

# ibm-watsonx-ai 1.8.1, TextChatParameters, which watsonx-haystack 3.0.0 passes as `params`.
WATSONX = _names(
    "frequency_penalty logprobs top_logprobs presence_penalty response_format temperature max_tokens "
    "max_completion_tokens time_limit top_p n logit_bias seed stop guided_choice guided_regex guided_grammar "
    "guided_json chat_template_kwargs reasoning_effort include_reasoning repetition_penalty length_penalty"
)

# mistralai 3.7.0, ChatCompletionRequest: what the API knows.
MISTRAL_API = _names(
    "temperature top_p max_tokens stop random_seed metadata response_format tool_choice presence_penalty "
    "frequency_penalty min_tokens repetition_penalty top_k logprobs top_logprobs prompt_logprobs top_prompt_logprobs "
    "n prediction parallel_tool_calls reasoning_effort prompt_mode guardrails prompt_cache_key service_tier "
    "safe_prompt"
)
# mistral-haystack 3.0.0, `_prepare_api_call`: what it passes in `extra_body`, beside what OpenAI's SDK knows.
MISTRAL_EXTRA = frozenset({"reasoning_effort", "prompt_mode", "safe_prompt"})
