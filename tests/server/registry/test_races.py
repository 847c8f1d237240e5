"""Many at once: the database decides who is first, everyone is answered, and nothing is half done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.conftest import client_of, definition
from tests.running import RunningServer
from tests.server.access.people import unique
from tests.server.registry.registered import Registered
from tests.server.registry.shelf import Shelf

CALLERS = 12

Request = Callable[[Shelf, int], httpx.Response]


@pytest.fixture
def at_once(shelf: Shelf, server: RunningServer) -> Iterator[Callable[[Request], list[httpx.Response]]]:
    """Makes one request from each of many callers, with a connection of its own, all at the same time."""

    def run(request: Request) -> list[httpx.Response]:
        def one(number: int) -> httpx.Response:
            with client_of(server.url, server.token) as client:
                return request(Shelf(client, shelf.prefix), number)

        with ThreadPoolExecutor(CALLERS) as pool:
            return list(pool.map(one, range(CALLERS)))

    yield run


AtOnce = Callable[[Request], list[httpx.Response]]


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_of_many_creations_of_one_name_one_wins(shelf: Shelf, at_once: AtOnce) -> None:
    answers = at_once(lambda mine, number: mine.create(definition("same")))
    assert statuses(answers) == {201: 1, 409: CALLERS - 1}
    assert shelf.names(origin="WORKSPACE") == ["same"]


def test_of_many_renamings_to_one_name_one_wins(shelf: Shelf, at_once: AtOnce) -> None:
    ids = [shelf.made(definition(f"m{number}"))["model_id"] for number in range(CALLERS)]
    answers = at_once(lambda mine, number: mine.patch(ids[number], {"name": "same"}))
    assert statuses(answers) == {200: 1, 409: CALLERS - 1}
    assert shelf.names(origin="WORKSPACE", name="same") == ["same"]
    assert sum(shelf.revisions(model_id).json()["total"] for model_id in ids) == CALLERS + 1


def test_of_many_deletions_one_wins(shelf: Shelf, at_once: AtOnce) -> None:
    model_id = shelf.made(definition())["model_id"]
    assert statuses(at_once(lambda mine, number: mine.delete(model_id))) == {204: 1, 404: CALLERS - 1}
    assert [entry["action"] for entry in shelf.audit(model_id)] == ["model.delete", "model.create"]


def test_of_many_restorations_one_makes_a_revision(shelf: Shelf, at_once: AtOnce) -> None:
    model_id = shelf.made(definition())["model_id"]
    shelf.delete(model_id)
    answers = at_once(lambda mine, number: mine.restore(model_id, 1))
    assert statuses(answers) == {200: CALLERS}
    assert {answer.headers["etag"] for answer in answers} == {shelf.read(model_id).headers["etag"]}
    assert shelf.revisions(model_id).json()["total"] == 3


def test_a_key_sent_many_times_at_once_makes_one_model(shelf: Shelf, at_once: AtOnce) -> None:
    key = {"idempotency-key": unique("key")}
    answers = at_once(lambda mine, number: mine.create(definition(), **key))
    assert statuses(answers) == {201: CALLERS}
    assert len({answer.content for answer in answers}) == 1
    assert shelf.page(origin="WORKSPACE").json()["total"] == 1


def test_changes_and_a_deletion_leave_one_history(shelf: Shelf, at_once: AtOnce) -> None:
    model_id = shelf.made(definition())["model_id"]

    def change_or_delete(mine: Shelf, number: int) -> httpx.Response:
        return mine.delete(model_id) if number == CALLERS // 2 else mine.patch(model_id, {"name": f"n{number}"})

    answers = at_once(change_or_delete)
    counted = statuses(answers)
    assert counted[204] == 1
    assert counted[200] + counted[404] == CALLERS - 1
    told = [(one["revision"], one["change"]) for one in shelf.revisions(model_id).json()["data"]]
    assert [revision for revision, _ in told] == list(range(counted[200] + 2, 0, -1))
    assert told[0][1] == "delete"
    assert len(shelf.audit(model_id)) == len(told)


def test_a_secret_and_what_names_it_may_come_in_either_order(shelf: Shelf, at_once: AtOnce) -> None:
    """Entering it, and saving definitions that would send it to different hosts: bound to one of them at most."""

    def enter_or_define(mine: Shelf, number: int) -> httpx.Response:
        if number == CALLERS // 2:
            return mine.client.post(f"{mine.prefix}/secrets", json={"name": "RACING_KEY", "secret": "sk-live-9"})
        config = definition()["chat_generator_config"]
        key = {"type": "env_var", "env_vars": ["RACING_KEY"], "strict": True}
        config["init_parameters"] = {"api_key": key, "api_base_url": f"https://host{number % 2}.example/v1"}
        return mine.create(definition(f"m{number}", chat_generator_config=config))

    answers = at_once(enter_or_define)
    assert set(statuses(answers)) <= {201, 422}
    (secret,) = (
        one for one in shelf.client.get(f"{shelf.prefix}/secrets").json()["data"] if one["name"] == "RACING_KEY"
    )
    assert secret["hosts"] is None or len(secret["hosts"]) == 1
    where = {
        model["chat_generator_config"]["init_parameters"]["api_base_url"]
        for model in shelf.page(origin="WORKSPACE", connected="true").json()["data"]
    }
    assert where <= {f"https://{host.rpartition(':')[0]}/v1" for host in secret["hosts"] or []}


def test_changes_to_different_fields_at_once_all_survive(registered: Registered, server: RunningServer) -> None:
    schema = {"type": "object", "properties": {"p": {"type": "number"}}}
    config = {"type": "OpenAIChatGenerator", "init_parameters": {"model": "new"}}
    parts: list[dict[str, Any]] = [
        {"name": "new"}, {"provider": "new"}, {"generation_kwargs": schema}, {"chat_generator_config": config},
    ]  # fmt: skip

    def change(part: dict[str, Any]) -> int:
        with client_of(server.url, server.token) as client:
            return client.patch(registered.url, json=part).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(change, parts)) == [200] * 4
    model = registered.get().json()
    assert (model["name"], model["provider"], model["generation_kwargs"]) == ("new", "new", schema)
    assert model["chat_generator_config"]["init_parameters"] == {"model": "new"}
    assert [entry["revision"] for entry in registered.audit()] == [5, 4, 3, 2, 1]


def test_many_changes_of_one_field_are_one_after_the_other(registered: Registered, server: RunningServer) -> None:
    def change(number: int) -> tuple[int, str, str]:
        with client_of(server.url, server.token) as client:
            answer = client.patch(registered.url, json={"name": f"n{number}"})
            return answer.status_code, answer.headers["etag"], answer.json()["name"]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(change, range(48)))
    assert {status for status, _, _ in answers} == {200}
    by_revision = {int(etag.strip('"').split("-")[0]): name for _, etag, name in answers}
    assert sorted(by_revision) == list(range(2, 50))
    revisions = registered.client.get(f"{registered.read_url}/revisions").json()["data"]
    assert {one["revision"]: one["name"] for one in revisions if one["revision"] > 1} == by_revision
