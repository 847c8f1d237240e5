"""PATCH with If-Match: which conditions hold, and that of many who hold the same one only one changes anything."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.conftest import client_of
from tests.running import RunningServer
from tests.server.registry.registered import Registered


class TestIfMatch:
    def test_the_newest_etag_and_a_star_and_a_list_match(self, registered: Registered) -> None:
        for number, condition in enumerate(("{}", "*", '"x", {}')):
            etag = registered.get().headers["etag"]
            changed = registered.patch({"name": f"n{number}"}, **{"if-match": condition.format(etag)})
            assert changed.status_code == 200, condition

    @pytest.mark.parametrize("condition", ['"1-000000000000"', "W/{}", '"a", "b"'])
    def test_others_do_not_and_weak_ones_never(self, registered: Registered, condition: str) -> None:
        refused = registered.patch({"name": "n"}, **{"if-match": condition.format(registered.etag)})
        assert refused.status_code == 412
        assert registered.get().headers["etag"] == registered.etag

    def test_a_malformed_one_is_400(self, registered: Registered) -> None:
        assert registered.patch({"name": "n"}, **{"if-match": "1-abc"}).status_code == 400

    def test_it_comes_before_the_body(self, registered: Registered) -> None:
        refused = registered.client.patch(
            registered.url,
            content=b"{broken",
            headers={"if-match": '"no"', "content-type": "application/json"},
        )
        assert refused.status_code == 412

    def test_of_many_at_once_exactly_one_wins(self, registered: Registered, server: RunningServer) -> None:
        def change(number: int) -> int:
            with client_of(server.url, server.token) as client:
                body, headers = {"name": f"winner {number}"}, {"if-match": registered.etag}
                return client.patch(registered.url, json=body, headers=headers).status_code

        with ThreadPoolExecutor(12) as pool:
            assert sorted(pool.map(change, range(12))) == [200] + [412] * 11

    def test_an_etag_never_comes_again(self, registered: Registered) -> None:
        seen = [registered.etag]
        for number in (2, 1, 3):
            registered.patch({"name": f"n{len(seen)}"})
            restored = registered.client.post(f"{registered.read_url}/revisions/{number}/restore")
            assert restored.status_code == 200, restored.text
            seen.append(restored.headers["etag"])
        assert len(set(seen)) == len(seen)
