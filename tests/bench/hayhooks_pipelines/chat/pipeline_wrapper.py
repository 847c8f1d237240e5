"""What hayhooks serves: the same generator as haymow's model, called the quickest way that hayhooks knows."""

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import Any

from hayhooks import BasePipelineWrapper
from haystack.components.generators.chat.openai import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage, StreamingChunk
from haystack.utils import Secret


class PipelineWrapper(BasePipelineWrapper):  # type: ignore[misc]  # hayhooks ships no types
    """One chat generator, without a pipeline around it."""

    def setup(self) -> None:
        self.generator = OpenAIChatGenerator(
            api_key=Secret.from_token("sk-bench"), model="scripted-1", api_base_url=os.environ["BENCH_UPSTREAM"]
        )

    async def run_chat_completion_async(
        self, model: str, messages: list[dict[str, Any]], body: dict[str, Any]
    ) -> str | AsyncGenerator[StreamingChunk, None]:
        asked: dict[str, Any] = {
            "messages": [ChatMessage.from_openai_dict_format(message) for message in messages],
            "generation_kwargs": {name: body[name] for name in ("temperature", "max_completion_tokens")},
        }
        if body.get("stream"):
            return self._chunks(asked)
        answer = await self.generator.run_async(**asked)
        return str(answer["replies"][0].text)

    async def _chunks(self, asked: dict[str, Any]) -> AsyncGenerator[StreamingChunk, None]:
        """As hayhooks' own `async_streaming_generator` does it, without the pipeline that it asks for."""
        came: asyncio.Queue[StreamingChunk | None] = asyncio.Queue()
        running = asyncio.ensure_future(self.generator.run_async(streaming_callback=came.put, **asked))
        running.add_done_callback(lambda _: came.put_nowait(None))
        while (chunk := await came.get()) is not None:
            yield chunk
        running.result()
