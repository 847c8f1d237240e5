"""Two models of one name, and two changes of one model: what is asked for, and what is left to do, in a browser."""

from __future__ import annotations

from typing import Any

import httpx
from playwright.sync_api import Page, expect

NAME = "twice"


def model(admin: httpx.Client, address: str) -> str:
    key = {"type": "env_var", "env_vars": ["OPENAI_API_KEY"], "strict": True}
    config = {"type": "OpenAIChatGenerator", "init_parameters": {"model": "gpt-5", "api_key": key}}
    body: dict[str, Any] = {"name": NAME, "provider": "openai", "chat_generator_config": config}
    made = admin.post(f"{address}/models/custom", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["model_id"])


def test_a_hidden_model_is_tried_by_its_id(signed_in: Page, admin: httpx.Client, workspace: str, pages: str) -> None:
    hidden = model(admin, "/api/v2")
    nearer = model(admin, f"/api/v2/workspaces/{workspace}")
    link = signed_in.get_by_role("link", name="Try in the playground")
    signed_in.goto(f"{pages}/models/{hidden}")
    expect(link).to_have_attribute("href", f"{pages}/playground?model={hidden}")
    signed_in.goto(f"{pages}/models/{nearer}")
    expect(link).to_have_attribute("href", f"{pages}/playground?model={NAME}")
    admin.delete(f"/api/v2/models/custom/{hidden}")


def test_who_takes_all_of_the_other_change_has_nothing_left_to_save(
    signed_in: Page, admin: httpx.Client, workspace: str, pages: str
) -> None:
    address = f"/api/v2/workspaces/{workspace}"
    one = model(admin, address)
    signed_in.goto(f"{pages}/models/{one}/edit")
    signed_in.get_by_role("textbox", name="Name", exact=True).fill("mine")
    changed = admin.patch(f"{address}/models/custom/{one}", json={"name": "theirs"})
    assert changed.status_code == 200, changed.text
    signed_in.get_by_role("button", name="Save …").click()
    dialog = signed_in.get_by_role("dialog")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_role("radio", name="Theirs").check()
    dialog.get_by_role("button", name="Use both changes").click()
    expect(signed_in.get_by_text("No changes")).to_be_visible()
    expect(dialog).to_have_count(0)
    expect(signed_in.get_by_role("textbox", name="Name", exact=True)).to_have_value("theirs")


def test_who_deletes_what_was_changed_meanwhile_is_told_and_may_do_it_all_the_same(
    signed_in: Page, admin: httpx.Client, workspace: str, pages: str
) -> None:
    address = f"/api/v2/workspaces/{workspace}"
    one = model(admin, address)
    signed_in.goto(f"{pages}/models/{one}")
    signed_in.get_by_role("button", name="Delete").click()
    dialog = signed_in.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete")).to_be_visible()
    changed = admin.patch(f"{address}/models/custom/{one}", json={"name": "theirs"})
    assert changed.status_code == 200, changed.text
    dialog.get_by_role("button", name="Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("changed")
    assert admin.get(f"{address}/models/{one}").status_code == 200
    expect(dialog.get_by_text("Delete theirs?")).to_be_visible()
    dialog.get_by_role("button", name="Delete").click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Models")
    assert admin.get(f"{address}/models/{one}").status_code == 404
