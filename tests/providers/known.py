"""The providers whose chats are tested: a definition of each, the secrets it names, and what a true call looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from haymow.generators import generator

KEY = "sk-workspace-7c1e"
SECRETS = {
    "ANTHROPIC_API_KEY", "ANTHROPIC_FOUNDRY_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "COHERE_API_KEY",
    "GOOGLE_API_KEY", "MISTRAL_API_KEY", "OPENAI_API_KEY",
}  # fmt: skip


@dataclass(frozen=True)
class Provider:
    """`limit` is what it calls the most tokens; `path` is that of a chat, `stream` that of a streamed one."""

    name: str
    generator: str
    host: str
    path: str
    limit: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    stream: str = ""
    header: str = "authorization"
    key: str = f"Bearer {KEY}"
    secrets: Mapping[str, str] = field(default_factory=dict)
    reasons: bool = False

    def __str__(self) -> str:
        return self.name

    def config(self, **parameters: Any) -> dict[str, Any]:
        """A definition, canonical."""
        info = generator(self.generator)
        assert info is not None
        return {"type": info.type, "init_parameters": {"model": "m", **self.parameters, **parameters}}


ANTHROPIC = Provider(
    "anthropic", "AnthropicChatGenerator", "api.anthropic.com", "/v1/messages", "max_tokens",
    header="x-api-key", key=KEY, reasons=True,
)  # fmt: skip
FOUNDRY = Provider(
    "foundry", "AnthropicFoundryChatGenerator", "barn.services.ai.azure.com", "/anthropic/v1/messages", "max_tokens",
    {"resource": "barn"}, header="x-api-key", key=KEY, reasons=True,
)  # fmt: skip
GOOGLE = Provider(
    "google", "GoogleGenAIChatGenerator", "generativelanguage.googleapis.com", "/v1beta/models/m:generateContent",
    "max_output_tokens", stream="/v1beta/models/m:streamGenerateContent?alt=sse", header="x-goog-api-key", key=KEY,
    reasons=True,
)  # fmt: skip
VERTEX = Provider(
    "vertex", "GoogleGenAIChatGenerator", "aiplatform.googleapis.com",
    "/v1beta1/publishers/google/models/m:generateContent", "max_output_tokens", {"api": "vertex"},
    "/v1beta1/publishers/google/models/m:streamGenerateContent?alt=sse", "x-goog-api-key", KEY, reasons=True,
)  # fmt: skip
COHERE = Provider("cohere", "CohereChatGenerator", "api.cohere.com", "/v2/chat", "max_tokens")
OLLAMA = Provider(
    "ollama", "OllamaChatGenerator", "ollama.example", "/api/chat", "num_predict", {"url": "https://ollama.example"},
    header="user-agent", key="ollama-python/", reasons=True,
)  # fmt: skip
BEDROCK = Provider(
    "bedrock", "AmazonBedrockChatGenerator", "bedrock-runtime.eu-central-1.amazonaws.com", "/model/m/converse",
    "maxTokens", {"aws_region_name": "eu-central-1"}, "/model/m/converse-stream",
    key=f"AWS4-HMAC-SHA256 Credential={KEY}/", reasons=True,
)  # fmt: skip
BEDROCK_BY_SECRET = Provider(
    "bedrock-region-in-a-secret", "AmazonBedrockChatGenerator", "bedrock-runtime.eu-central-1.amazonaws.com",
    "/model/m/converse", "maxTokens", stream="/model/m/converse-stream", reasons=True,
    key=f"AWS4-HMAC-SHA256 Credential={KEY}/", secrets={"AWS_DEFAULT_REGION": "eu-central-1"},
)  # fmt: skip
MISTRAL = Provider("mistral", "MistralChatGenerator", "api.mistral.ai", "/v1/chat/completions", "max_tokens")
RESPONSES = Provider(
    "responses", "OpenAIResponsesChatGenerator", "api.openai.com", "/v1/responses", "max_output_tokens"
)

ALL = (
    ANTHROPIC, FOUNDRY, GOOGLE, VERTEX, COHERE, OLLAMA, BEDROCK, BEDROCK_BY_SECRET, MISTRAL, RESPONSES,
)  # fmt: skip
EACH_SDK = (ANTHROPIC, GOOGLE, COHERE, OLLAMA, BEDROCK, MISTRAL, RESPONSES)
