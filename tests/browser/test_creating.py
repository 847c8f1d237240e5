"""Creating models by hand: with a key on the way, tested against a scripted provider, and what a refusal looks like."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.answers import Fails, Says
from tests.browser.place import Place
from tests.upstream import Upstream

KEY = "sk-canary-of-the-browser-2719"


@pytest.fixture(autouse=True)
def _forget(upstream: Upstream) -> None:
    upstream.reset()


def test_a_model_is_created_with_a_key_entered_on_the_way_and_answers_its_test(
    signed_in: Page, place: Place, upstream: Upstream
) -> None:
    page = signed_in
    page.goto(place.screen("models"))
    page.get_by_role("link", name="New model").click()
    _fill(page, "support-gpt", f"127.0.0.1:{upstream.port}")
    page.get_by_role("button", name="Add the key here").click()
    with page.expect_response("**/secrets") as entered:
        _enter_key(page, KEY)
    assert entered.value.status == 201
    expect(page.get_by_text("SUPPORT_KEY is there: of this workspace")).to_be_visible()
    page.get_by_role("button", name="Create model").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("support-gpt")
    test = page.get_by_role("button", name="Test connection")
    expect(test).to_be_focused()  # what to do next
    test.press("Enter")
    connection = page.get_by_role("region", name="Connection")
    expect(connection.get_by_role("status")).to_contain_text(re.compile(r"^Connected.*Tested just now", re.DOTALL))
    assert upstream.seen[-1].headers["authorization"] == f"Bearer {KEY}"
    stored = place.read("models", q="support-gpt", origin="WORKSPACE")["data"][0]
    assert stored["chat_generator_config"]["init_parameters"] == {
        "api_key": {"type": "env_var", "env_vars": ["SUPPORT_KEY"], "strict": True},
        "api_base_url": upstream.url,
    }
    assert KEY not in page.content()


def test_a_refused_key_is_said_in_words_with_what_to_do(signed_in: Page, place: Place, upstream: Upstream) -> None:
    place.secret("WRONG_KEY", "sk-wrong", f"127.0.0.1:{upstream.port}")
    model = place.model("wrong", upstream.url, "WRONG_KEY")
    upstream.script(Fails(401))
    page = signed_in
    page.goto(place.screen(f"models/{model}"))
    connection = page.get_by_role("region", name="Connection")
    expect(connection).to_contain_text("Key there, not tested")
    connection.get_by_role("button", name="Test connection").click()
    expect(connection).to_contain_text("Key refused")
    expect(connection).to_contain_text("does not accept the model's credentials. Enter the secret's value again.")

    # Mended, the next test says so; the list has heard of it as well.
    upstream.script(Says("Hi"))
    connection.get_by_role("button", name="Test connection").click()
    expect(connection).not_to_contain_text("Key refused")
    expect(connection).to_contain_text("Connected")
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("row", name=re.compile("wrong"))).to_contain_text("Connected")


def test_a_missing_key_names_itself_and_leads_to_where_it_is_entered(signed_in: Page, place: Place) -> None:
    page = signed_in
    page.goto(place.screen(f"models/{place.model('bare')}"))
    connection = page.get_by_role("region", name="Connection")
    expect(connection).to_contain_text("OPENAI_API_KEY missing")
    connection.get_by_role("link", name="Add OPENAI_API_KEY").click()
    dialog = page.get_by_role("dialog", name="New secret of this workspace")
    expect(dialog.get_by_label("Name")).to_have_value("OPENAI_API_KEY")


def test_what_is_refused_stands_beside_its_field_and_nothing_is_saved(signed_in: Page, place: Place) -> None:
    place.model("taken")
    page = signed_in
    page.goto(place.screen("models/new"))
    _fill(page, "Taken", "api.openai.com")
    address = page.get_by_role("textbox", name="api_base_url")
    address.fill("javascript:alert(1)")
    page.get_by_role("button", name="Create model").click()
    expect(page.get_by_role("alert").first).to_contain_text("Not saved")
    expect(address).to_have_accessible_description(re.compile("must begin with https:// or http://"))
    expect(address).to_be_focused()

    address.fill("https://api.openai.com/v1")
    page.get_by_role("button", name="Create model").click()
    name = page.get_by_role("textbox", name="Name", exact=True)
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    assert [one["name"] for one in place.read("models", origin="WORKSPACE")["data"]] == ["taken"]


def test_what_is_wrong_is_said_once_and_in_haymows_words(signed_in: Page, place: Place) -> None:
    page = signed_in
    page.goto(place.screen("models/new"))
    page.get_by_role("button", name="Create model").click()
    generator = page.get_by_role("combobox", name="Generator")
    expect(generator).to_have_accessible_description(re.compile(r"^Choose a generator\."))
    _fill(page, "half", "api.openai.com")
    retries = page.get_by_role("textbox", name="max_retries", exact=True)
    retries.fill("-1.5")
    retries.press("Tab")
    words = re.compile(r"^Give a whole number or null\. Maximum number of retries")
    expect(retries).to_have_accessible_description(words)
    page.get_by_role("button", name="Create model").click()
    expect(retries).to_be_focused()
    expect(page.get_by_text("What is wrong stands beside its field.")).to_be_visible()
    expect(retries).to_have_accessible_description(words)


def test_what_is_half_written_among_the_further_parameters_is_not_folded_away(signed_in: Page, place: Place) -> None:
    page = signed_in
    page.goto(place.screen(f"models/{place.model('folded')}/edit"))
    page.get_by_role("button", name="more parameters").click()
    proxies = page.get_by_role("textbox", name="http_client_kwargs")
    proxies.fill('{"proxy": ')
    page.get_by_role("button", name="Fewer parameters").click()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("alert").filter(has_text="half written")).to_be_visible()
    expect(proxies).to_be_focused()
    expect(proxies).to_have_accessible_description(re.compile("This is no JSON yet"))


def test_an_address_that_the_operator_does_not_allow_is_blocked_with_who_can_allow_it(
    signed_in: Page, place: Place
) -> None:
    place.secret("INSIDE_KEY", "sk-inside", "169.254.169.254")
    page = signed_in
    page.goto(place.screen(f"models/{place.model('inside', 'https://169.254.169.254/v1', 'INSIDE_KEY')}"))
    page.get_by_role("button", name="Test connection").click()
    connection = page.get_by_role("region", name="Connection")
    expect(connection).to_contain_text("Blocked by policy")
    expect(connection).to_contain_text("HAYMOW_EGRESS_ALLOW")


def _fill(page: Page, name: str, host: str) -> None:
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("combobox", name="Provider").fill("openai")
    page.get_by_role("combobox", name="Generator").click()
    page.get_by_role("option", name=re.compile("^OpenAIChatGenerator")).click()
    page.get_by_role("combobox", name="api_key").fill("SUPPORT_KEY")
    page.get_by_role("textbox", name="api_base_url").fill(f"http://{host}/v1")


def _enter_key(page: Page, value: str) -> None:
    page.get_by_label("Value of SUPPORT_KEY").fill(value)
    page.get_by_role("button", name="Save the key").click()
