"""Secrets and the audit record in a browser: a value goes in and is never seen again; what was done stands there."""

from __future__ import annotations

import csv
from pathlib import Path
from uuid import uuid4

import httpx
from playwright.sync_api import Page, expect

from tests.running import RunningServer

VALUE = "sk-0123456789abcdefghijklmnop"
HOSTILE = "gpt <img src=x onerror=alert(1)>"


def secret(admin: httpx.Client, workspace: str, name: str) -> None:
    made = admin.post(f"/api/v2/workspaces/{workspace}/secrets", json={"name": name, "secret": VALUE})
    assert made.status_code == 201, made.text


def model(admin: httpx.Client, workspace: str, secret_name: str) -> None:
    key = {"type": "env_var", "env_vars": [secret_name], "strict": True}
    config = {"type": "OpenAIChatGenerator", "init_parameters": {"model": "gpt-5", "api_key": key}}
    made = admin.post(
        f"/api/v2/workspaces/{workspace}/models/custom",
        json={"name": HOSTILE, "provider": "openai", "chat_generator_config": config},
    )
    assert made.status_code == 201, made.text


def test_a_secret_that_somebody_is_sent_to_enter_is_entered_and_not_seen_again(signed_in: Page, pages: str) -> None:
    signed_in.goto(f"{pages}/secrets?add=OPENAI_API_KEY")
    dialog = signed_in.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Name")).to_have_value("OPENAI_API_KEY")
    expect(dialog.get_by_role("textbox", name="Value", exact=True)).to_be_focused()
    dialog.get_by_role("textbox", name="Value", exact=True).fill(VALUE)
    dialog.get_by_role("button", name="Add the secret").click()
    expect(signed_in.get_by_role("row", name="OPENAI_API_KEY")).to_contain_text("api.openai.com")
    assert "add=" not in signed_in.url
    assert VALUE not in signed_in.content()


def test_a_refused_secret_says_why_beside_its_field_and_keeps_no_value(signed_in: Page, pages: str) -> None:
    signed_in.goto(f"{pages}/secrets")
    signed_in.get_by_role("button", name="Add a secret").click()
    dialog = signed_in.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("KEY")
    dialog.get_by_role("textbox", name="Value", exact=True).fill(VALUE)
    dialog.get_by_label("Hosts it may be sent to").fill("http://")
    dialog.get_by_role("button", name="Add the secret").click()
    expect(dialog.get_by_label("Hosts it may be sent to")).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_role("textbox", name="Value", exact=True)).to_be_focused()
    expect(dialog.get_by_role("textbox", name="Value", exact=True)).to_have_value("")


def test_a_new_value_says_which_models_use_it_at_once(
    signed_in: Page, admin: httpx.Client, workspace: str, pages: str
) -> None:
    secret(admin, workspace, "KEY")
    model(admin, workspace, "KEY")
    signed_in.goto(f"{pages}/secrets")
    signed_in.get_by_role("button", name="Rotate KEY").click()
    dialog = signed_in.get_by_role("dialog")
    expect(dialog).to_contain_text("1 model uses the new value at once")
    expect(dialog.get_by_role("link", name=HOSTILE)).to_be_visible()
    dialog.get_by_label("New value").fill(VALUE)
    dialog.get_by_role("button", name="Replace the value").click()
    expect(signed_in.get_by_role("row", name="KEY").get_by_role("cell", name="2", exact=True)).to_be_visible()


def test_deleting_a_secret_in_use_names_its_models_and_begins_on_cancel(
    signed_in: Page, admin: httpx.Client, workspace: str, pages: str
) -> None:
    secret(admin, workspace, "KEY")
    model(admin, workspace, "KEY")
    signed_in.goto(f"{pages}/secrets")
    opener = signed_in.get_by_role("button", name="Delete KEY")
    dialog = signed_in.get_by_role("dialog")
    opener.click()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    expect(dialog.get_by_role("link", name=HOSTILE)).to_be_visible()
    signed_in.keyboard.press("Escape")
    expect(opener).to_be_focused()
    opener.click()
    dialog.get_by_role("button", name="Delete all the same").click()
    expect(signed_in.get_by_text("This workspace has no secrets")).to_be_visible()
    expect(signed_in.get_by_text("KEY is deleted.")).to_be_focused()


def test_a_user_sees_names_and_is_told_who_may_enter_them(
    signed_in: Page, admin: httpx.Client, server: RunningServer, workspace: str, pages: str
) -> None:
    secret(admin, workspace, "KEY")
    become(signed_in, server, user_of(admin, workspace))
    signed_in.goto(f"{pages}/secrets")
    expect(signed_in.get_by_role("row", name="KEY")).to_be_visible()
    expect(signed_in.get_by_text("Editors and administrators of this workspace")).to_be_visible()
    expect(signed_in.get_by_role("button", name="Add a secret")).to_have_count(0)
    signed_in.goto(f"{pages}/audit")
    expect(signed_in.get_by_text("You may not read this record")).to_be_visible()


def test_an_integration_is_the_organizations_usual_secret(signed_in: Page, admin: httpx.Client) -> None:
    signed_in.goto("/w/default/secrets?tab=integrations")
    signed_in.get_by_role("button", name="Add key: mistral").click()
    dialog = signed_in.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Name")).to_have_value("MISTRAL_API_KEY")
    dialog.get_by_role("textbox", name="Value", exact=True).fill(VALUE)
    dialog.get_by_role("button", name="Add the secret").click()
    expect(signed_in.get_by_role("button", name="Remove MISTRAL_API_KEY")).to_be_visible()
    assert admin.get("/api/v1/model_registry_tokens/mistral").json()["provider_domain"] == "api.mistral.ai"
    signed_in.get_by_role("button", name="Remove MISTRAL_API_KEY").click()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(signed_in.get_by_role("button", name="Add key: mistral")).to_be_visible()


def test_the_record_is_filtered_by_the_address_and_saved_as_a_file(
    signed_in: Page, admin: httpx.Client, workspace: str, pages: str
) -> None:
    secret(admin, workspace, "KEY")
    model(admin, workspace, "KEY")
    signed_in.goto(f"{pages}/audit?action=model")
    rows = signed_in.get_by_role("row")
    expect(rows).to_have_count(2)
    expect(rows.last).to_contain_text(f"created the model {HOSTILE}")
    with signed_in.expect_download() as download:
        signed_in.get_by_role("button", name="Save as CSV").click()
    with Path(download.value.path()).open(newline="") as file:
        assert [row["subject_name"] for row in csv.DictReader(file)] == [HOSTILE]
    rows.last.get_by_role("link", name="revision 1").click()
    signed_in.wait_for_url("**/models/*tab=revisions*")


def user_of(admin: httpx.Client, workspace: str) -> str:
    """The token of a new member who may only read."""
    person = {"given_name": "Ada", "family_name": "Byron", "email": f"{uuid4().hex}@example.org", "role": "user"}
    user_id = admin.post("/api/v2/members", json=person).json()["user_id"]
    admin.put(f"/api/v2/workspaces/{workspace}/members", json={"user_id": user_id, "role": "user"})
    return str(admin.post("/api/v2/tokens", json={"name": "Ada's", "user_id": user_id}).json()["token"])


def become(page: Page, server: RunningServer, token: str) -> None:
    """Sign in as somebody else, in the same window."""
    origin = {"origin": server.url, "sec-fetch-site": "same-origin"}
    answer = page.request.post("/api/v2/session", data={"token": token}, headers=origin)
    assert answer.status == 201, answer.text()
