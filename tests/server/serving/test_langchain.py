"""LangChain as its users set it up: another address and a haymow token, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import openai
import pytest
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from tests.answers import Calls, Fails, Says
from tests.server.serving.served import TOKEN, Served
from tests.upstream import Upstream


class Report(BaseModel):
    """The weather of a city."""

    city: str
    degrees: int


@tool
def weather(city: str) -> str:
    """The weather of a city."""
    return f"Sunny in {city}."


def chat(served: Served, **more: Any) -> ChatOpenAI:
    return ChatOpenAI(model="fast", base_url=served.url, api_key=SecretStr(TOKEN), max_retries=0, **more)


def test_an_answer_with_its_usage(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("Bern"))
    answer = chat(served, temperature=0.5).invoke([SystemMessage("Be brief."), HumanMessage("The capital?")])
    assert answer.usage_metadata is not None
    assert (answer.content, answer.usage_metadata["total_tokens"]) == ("Bern", 12)
    assert upstream.seen[-1].body["temperature"] == 0.5


def test_a_stream(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("one two three", pieces=5))
    chunks = list(chat(served, stream_usage=True).stream("Count."))
    assert "".join(str(chunk.content) for chunk in chunks) == "one two three"
    assert any(chunk.usage_metadata for chunk in chunks)


def test_a_tool_is_called_and_its_result_sent_back(served: Served, upstream: Upstream) -> None:
    upstream.script(Calls([("call_1", "weather", {"city": "Bern"})]), Says("It is sunny."))
    model = chat(served).bind_tools([weather])
    messages: list[Any] = [HumanMessage("The weather in Bern?")]
    asked = model.invoke(messages)
    assert [(call["name"], call["args"]) for call in asked.tool_calls] == [("weather", {"city": "Bern"})]
    result = ToolMessage(weather.invoke(asked.tool_calls[0]["args"]), tool_call_id=asked.tool_calls[0]["id"])
    assert model.invoke([*messages, asked, result]).content == "It is sunny."
    assert upstream.seen[-1].body["messages"][-1]["content"] == "Sunny in Bern."


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_a_structured_answer(
    served: Served, upstream: Upstream, method: Literal["json_schema", "function_calling"]
) -> None:
    found: dict[str, Any] = {"city": "Bern", "degrees": 21}
    upstream.script(
        Says('{"city": "Bern", "degrees": 21}') if method == "json_schema" else Calls([("c", "Report", found)])
    )
    answer = chat(served).with_structured_output(Report, method=method).invoke("The weather in Bern?")
    assert answer == Report(**found)


def test_on_a_loop(served: Served, upstream: Upstream) -> None:
    upstream.script(Says("Bern"), Says("one two", pieces=3))

    async def act() -> tuple[Any, str]:
        # LangChain's own client is kept for the whole process, and would outlive the loop that it belongs to.
        async with openai.DefaultAsyncHttpxClient() as own:
            model = chat(served, http_async_client=own)
            answer = await model.ainvoke("The capital?")
            return answer.content, "".join([str(chunk.content) async for chunk in model.astream("Count.")])

    assert asyncio.run(act()) == ("Bern", "one two")


def test_a_failure_is_told_by_our_words(served: Served, upstream: Upstream) -> None:
    upstream.script(Fails(401, "sk-canary in the provider's words"))
    with pytest.raises(Exception, match="does not accept the model's credentials") as failed:
        chat(served).invoke("Hello?")
    assert "sk-canary" not in str(failed.value)
