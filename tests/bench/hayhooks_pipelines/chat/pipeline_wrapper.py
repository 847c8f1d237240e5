"""What hayhooks serves: the same generator as haymow's model, called the quickest way that hayhooks knows."""

import os
from typing import Any

from hayhooks import BasePipelineWrapper  # type: ignore[import-untyped]  # as hayhooks ships
from haystack.components.generators.chat.openai import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret


class PipelineWrapper(BasePipelineWrapper):  # type: ignore[misc]  # for the same reason
    """One chat generator, without a pipeline around it."""

    def setup(self) -> None:
        self.generator = OpenAIChatGenerator(
            api_key=Secret.from_token("sk-bench"), model="scripted-1", api_base_url=os.environ["BENCH_UPSTREAM"]
        )

    async def run_chat_completion_async(self, model: str, messages: list[dict[str, Any]], body: dict[str, Any]) -> str:
        asked = [ChatMessage.from_openai_dict_format(message) for message in messages]
        answer = await self.generator.run_async(messages=asked)
        return str(answer["replies"][0].text)
