"""Chunks of a stream on their way to a pipeline's callback."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, cast

from haystack.dataclasses import ComponentInfo, StreamingCallbackT, StreamingChunk


def told_as(info: ComponentInfo, callback: StreamingCallbackT) -> StreamingCallbackT:
    """The callback, which hears the chunks as those of the component that the pipeline has, by its name there."""
    if inspect.iscoroutinefunction(callback):
        tell = cast(Callable[[StreamingChunk], Awaitable[None]], callback)

        async def receive_async(chunk: StreamingChunk) -> None:
            await tell(replace(chunk, component_info=info))

        return receive_async

    def receive(chunk: StreamingChunk) -> Any:
        return callback(replace(chunk, component_info=info))

    return receive
