"""What haymow knows of the generators beyond their signatures: kept by hand, reviewed when a package is updated.

The signatures (`schemas/*.json`) say what a parameter looks like. This table says what it does: where calls go, which
parameters would run code or lead a secret astray, and which credentials a generator cannot work without. Tests fail
when a new signature brings a callable, a tool, a nested component or an address that this table does not name.
"""

from __future__ import annotations

from typing import Final

# Generators that are known and refused: name -> why, and what to do instead.
REFUSED_GENERATORS: Final = {
    "LLM": "It is an agent around another generator: register that generator itself.",
    "FallbackChatGenerator": "It holds other generators: register each of them as a model of its own.",
    "TransformersChatGenerator": "It loads weights and code into the server: "
    "serve the model with vLLM, TGI or Ollama, and register that.",
    "LlamaCppChatGenerator": "It opens files of the server: "
    "serve the file with llama.cpp's own server, and register it as an OpenAIChatGenerator with its api_base_url.",
}

# Parameters that may only be absent, null or what the signature says anyway (what Haystack's to_dict writes), whatever
# the generator: name -> why.
REFUSED_PARAMETERS: Final = {
    "tools": "Tools are code. Callers pass their own tools with each call; leave `tools` out.",
    "anthropic_server_tools": "Server tools act on the provider's side; leave `anthropic_server_tools` out.",
    "streaming_callback": "A callback is code. Streaming is chosen with each call; leave `streaming_callback` out.",
    "response_fn": "A function is code; leave `response_fn` out.",
    "tool_parsing_function": "A function is code; leave `tool_parsing_function` out.",
    "azure_ad_token_provider": "A function is code. Name a secret that holds the key or the token instead.",
    "async_executor": "An executor is code; leave `async_executor` out.",
    "verify": "TLS certificates are always checked; leave `verify` out.",
    "aws_profile_name": "Profiles are files of the server. Name secrets with the access key id and the secret key.",
}

# Haystack turns a parameter's object into a Secret, a device or any class at all when its `type` is one of these words,
# or a text with a dot. Only Secret parameters may hold such an object.
REBUILT_TYPES: Final = frozenset({"env_var", "token", "single", "multiple"})

# Free-form parameters that only an administrator may set, and only to values that `restricted.py` knows to be safe.
ADMINISTRATOR_PARAMETERS: Final = frozenset({"http_client_kwargs", "extra_headers", "default_headers", "boto3_config"})

# Parameters that hold an address.
URL_PARAMETERS: Final = frozenset({"api_base_url", "url", "azure_endpoint", "endpoint"})

# Addresses that are the constructor's business, where the signature's default does not say them.
ADDRESSES: Final = {
    "AnthropicChatGenerator": "https://api.anthropic.com",
    "CohereChatGenerator": "https://api.cohere.com",
    "CometAPIChatGenerator": "https://api.cometapi.com/v1",
    "EdenAIChatGenerator": "https://api.edenai.run/v3",
    "GoogleGenAIChatGenerator": "https://generativelanguage.googleapis.com",
    "HuggingFaceAPIChatGenerator": "https://router.huggingface.co",
    "OpenAIChatGenerator": "https://api.openai.com/v1",
    "OpenAIResponsesChatGenerator": "https://api.openai.com/v1",
}

# Without these the libraries look into the process environment, so haymow asks for them: one of each group.
DEMANDED: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "AnthropicFoundryChatGenerator": (("endpoint", "resource"),),
    "AzureOpenAIChatGenerator": (("azure_endpoint",),),
    "AzureOpenAIResponsesChatGenerator": (("azure_endpoint",),),
    "LiteLLMChatGenerator": (("api_key",),),
}

# Secrets that may not be null, for the same reason.
NEVER_NULL: Final = {"AnthropicFoundryChatGenerator": frozenset({"api_key"})}

# Secrets the generator cannot work without although its signature marks them non-strict.
NEEDED_SECRETS: Final = {
    "AmazonBedrockChatGenerator": frozenset({"aws_access_key_id", "aws_secret_access_key"}),
    "AzureOpenAIResponsesChatGenerator": frozenset({"api_key"}),
    "GoogleGenAIChatGenerator": frozenset({"api_key"}),
}

# Secrets that servers without authentication do not want: needed only when the definition names one of its own.
NEEDED_WHEN_NAMED: Final = {
    "HuggingFaceAPIChatGenerator": frozenset({"token"}),
    "LiteLLMChatGenerator": frozenset({"api_key"}),
    "VLLMChatGenerator": frozenset({"api_key"}),
}

# Secrets of which one is enough.
ALTERNATIVE_SECRETS: Final = {"AzureOpenAIChatGenerator": ("api_key", "azure_ad_token")}

# Texts that become a part of a host name or of a path beside it: letters, digits and hyphens, or the call goes astray.
NAME_PARAMETERS: Final = frozenset(
    {"region", "resource", "vertex_ai_location", "vertex_ai_project", "aws_region_name", "project_id"}
)

# Texts that are sent as a header.
HEADER_PARAMETERS: Final = frozenset({"organization"})

HUGGING_FACE_APIS: Final = frozenset(
    {"text_generation_inference", "inference_endpoints", "serverless_inference_api"}
)  # fmt: skip
# What else InferenceClient takes (headers, cookies, proxies, api_key, base_url) would redirect or dress the call.
HUGGING_FACE_API_PARAMETERS: Final = frozenset({"model", "url", "provider", "bill_to", "timeout"})

# LiteLLM chooses its destination by the model name's prefix: the host of each that works with one key and no more.
# None: the address must be given. Others (bedrock, vertex_ai, sagemaker ...) would use the server's own credentials.
LITELLM_HOSTS: Final[dict[str, str | None]] = {
    "anthropic": "api.anthropic.com",
    "cerebras": "api.cerebras.ai",
    "cohere": "api.cohere.com",
    "cohere_chat": "api.cohere.com",
    "deepseek": "api.deepseek.com",
    "fireworks_ai": "api.fireworks.ai",
    "gemini": "generativelanguage.googleapis.com",
    "groq": "api.groq.com",
    "hosted_vllm": None,
    "litellm_proxy": None,
    "mistral": "api.mistral.ai",
    "nvidia_nim": "integrate.api.nvidia.com",
    "openai": "api.openai.com",
    "openrouter": "openrouter.ai",
    "perplexity": "api.perplexity.ai",
    "together_ai": "api.together.xyz",
    "xai": "api.x.ai",
}

# Keys of generation_kwargs that would override what the definition or the call says, or send the secret elsewhere.
REFUSED_GENERATION_KWARGS: Final = frozenset(
    {
        "api_base", "api_key", "base_url", "client", "headers", "httpOptions", "http_options", "input", "messages",
        "model", "request_options", "stream", "streaming_callback", "timeout", "tools",
    }
)  # fmt: skip
REFUSED_GENERATION_KWARGS_PREFIX: Final = "extra_"

# A definition may say these and a call may not: OpenRouter answers with another model than the definition's.
REFUSED_IN_CALLS: Final = REFUSED_GENERATION_KWARGS | {"models", "preset"}

# LiteLLM takes credentials, addresses and callbacks here too, more with every release: so only these are let in.
LITELLM_GENERATION_KWARGS: Final = frozenset(
    {
        "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "modalities", "n",
        "parallel_tool_calls", "presence_penalty", "reasoning_effort", "response_format", "seed", "stop",
        "temperature", "thinking", "tool_choice", "top_k", "top_logprobs", "top_p", "user", "verbosity",
    }
)  # fmt: skip


def refuses_generation_kwarg(generator: str, key: str) -> bool:
    """Whether `key` may be set neither as a default of the definition nor with a call.

    `generator` is the short class name.
    """
    if generator == "LiteLLMChatGenerator":
        return key not in LITELLM_GENERATION_KWARGS
    return key in REFUSED_GENERATION_KWARGS or key.startswith(REFUSED_GENERATION_KWARGS_PREFIX)
