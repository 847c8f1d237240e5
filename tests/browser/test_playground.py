"""Chats in the playground with the real local model: streamed, measured, stopped, and side by side with another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.answers import Says
from tests.browser.place import Place
from tests.ports import free_port
from tests.running import RunningServer, running
from tests.upstream import Upstream
from tests.waiting import wait_until

LOCAL = "SmolLM2-135M-Instruct"
QUESTION = "What is the capital of France?"
FIRST_ANSWER_MS = 60_000
"""The model has no need to hurry where other things run beside it."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """In the place of the one that all tests share: this one has the local model."""
    more = {"HAYMOW_LOCAL_MODEL_PORT": str(free_port())}
    with running(tmp_path_factory.mktemp("data"), "--local-model", more=more) as started:
        yield started


def test_the_local_model_answers_in_a_stream_with_its_figures(signed_in: Page, place: Place) -> None:
    page = signed_in
    page.goto(place.screen("playground"))
    _pick(page, "First model", LOCAL)
    page.get_by_role("button", name="Add a system prompt").click()
    page.get_by_role("textbox", name="System prompt").fill("You are a helpful assistant.")
    _set(page, temperature="0", max_tokens="12")
    with page.expect_response("**/chat/completions", timeout=FIRST_ANSWER_MS) as streamed:
        _ask(page, QUESTION)
    turn = page.get_by_role("article", name="Question 1")
    expect(turn).to_have_attribute("aria-busy", "false", timeout=FIRST_ANSWER_MS)
    expect(turn).to_contain_text("Paris")
    assert streamed.value.headers["content-type"].startswith("text/event-stream")
    asked = json.loads(streamed.value.request.post_data or "")
    assert (asked["stream"], asked["temperature"], asked["max_tokens"]) == (True, 0, 12)
    for figure, shape in {
        "First token": r"^[\d.]+ m?s$", "Tokens/s": r"^[\d.]+$", "Time": r"^[\d.]+ m?s$", "Finish": r"^(stop|length)$",
        "Prompt": r"^\d+$", "Completion": r"^\d+$", "Total": r"^\d+$",
    }.items():  # fmt: skip
        expect(_figure(turn, figure)).to_have_text(re.compile(shape))

    turn.get_by_role("button", name="As code").click()
    code = page.get_by_role("dialog", name="This call as code")
    expect(code).to_contain_text(QUESTION)
    expect(code).to_contain_text("HAYMOW_API_KEY")


def test_two_models_answer_side_by_side(signed_in: Page, place: Place, upstream: Upstream) -> None:
    place.secret("SCRIPTED_KEY", "sk-scripted", f"127.0.0.1:{upstream.port}")
    place.model("scripted", upstream.url, "SCRIPTED_KEY")
    page = signed_in
    page.goto(place.screen(f"playground?model={LOCAL}"))
    page.get_by_role("button", name="Compare models").click()
    _pick(page, "Second model", "scripted")
    _set(page, max_tokens="4")
    upstream.script(Says("Said by the second one."))
    _ask(page, QUESTION)
    right = page.get_by_role("region", name="Conversation with scripted")
    left = page.get_by_role("region", name=f"Conversation with {LOCAL}")
    expect(right).to_contain_text("Said by the second one.")
    expect(_figure(right.get_by_role("article"), "Total")).to_have_text("12")
    expect(left.get_by_role("article")).to_have_attribute("aria-busy", "false", timeout=FIRST_ANSWER_MS)
    expect(_figure(left.get_by_role("article"), "First token")).to_have_text(re.compile(r"\d"))
    assert "beside=scripted" in page.url


def test_an_answer_that_is_stopped_is_stopped_at_the_provider_and_what_came_stays(
    signed_in: Page, place: Place, upstream: Upstream
) -> None:
    place.secret("SCRIPTED_KEY", "sk-scripted", f"127.0.0.1:{upstream.port}")
    place.model("slow", upstream.url, "SCRIPTED_KEY")
    upstream.script(Says("This was said before it was stopped. " * 50, pieces=500, pause=0.1))
    before = upstream.abandoned
    page = signed_in
    page.goto(place.screen("playground?model=slow"))
    _ask(page, "Talk.")
    turn = page.get_by_role("article", name="Question 1")
    expect(turn).to_contain_text("This was")
    page.keyboard.press("Escape")
    expect(turn).to_contain_text("Stopped.")
    expect(turn).to_contain_text("This was")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    wait_until(lambda: upstream.abandoned == before + 1)


def test_a_parameter_beyond_its_range_is_refused_in_words(signed_in: Page, place: Place) -> None:
    page = signed_in
    page.goto(place.screen(f"playground?model={LOCAL}"))
    _set(page, temperature="9")
    _ask(page, QUESTION)
    article = page.get_by_role("article")
    expect(article.get_by_role("alert")).to_contain_text("temperature")
    expect(article.locator("div:empty:visible")).to_have_count(0)  # no room is kept for an answer that did not come
    expect(page.get_by_role("textbox", name="(temperature)")).to_have_accessible_description("Give at most 2.")


def test_the_model_that_comes_with_haymow_is_copied_in_one_step_and_the_copy_answers(
    signed_in: Page, place: Place
) -> None:
    page = signed_in
    page.goto(place.screen("models"))
    page.get_by_role("link", name=LOCAL).click()
    page.get_by_role("link", name="Copy", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New model")
    expect(page.get_by_text("A copy of the platform's model, yours to change.")).to_be_visible()
    page.get_by_role("textbox", name="Name", exact=True).fill("helper")
    page.get_by_role("button", name="Create model").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("helper")
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_role("region", name="Connection")).to_contain_text("Tested", timeout=FIRST_ANSWER_MS)


def _pick(page: Page, label: str, model: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=model).click()


def _set(page: Page, **parameters: str) -> None:
    """Of the first model."""
    page.get_by_role("button", name="Parameters").first.click()
    for name, value in parameters.items():
        page.get_by_role("textbox", name=f"({name})").fill(value)


def _ask(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="Message").fill(question)
    page.get_by_role("button", name="Send").click()


def _figure(turn: Locator, name: str) -> Locator:
    """The figure of a name: the definition beside its term."""
    return turn.get_by_role("term").get_by_text(name, exact=True).locator("xpath=following-sibling::dd")
