"""Behind a proxy: whose word is believed, what clients are told, and where everything is below a prefix."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
import pytest

from haymow.errors import StartFailed
from haymow.server.access.attempts import MOST_FAILURES
from haymow.server.outside import HEADERS, Outside, networks
from haymow.server.settings import settings_from
from tests.conftest import client_of, definition
from tests.proxy import Proxy, before
from tests.running import RunningServer, running
from tests.waiting import wait_until

PREFIX = "/haymow"
PUBLIC = "https://models.example.com/haymow"
PAGE = {"accept": "text/html"}


class TestWhoTheClientIs:
    TRUSTED = networks("10.0.0.0/8,fd00::/8,127.0.0.1")

    @pytest.mark.parametrize(
        ("peer", "hops", "client"),
        [
            ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"),  # what stands left of it, it wrote itself
            ("10.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
            ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
            ("203.0.113.9", "1.1.1.1", "203.0.113.9"),
            ("203.0.113.9", "10.0.0.2", "203.0.113.9"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "203.0.113.7, unknown", "10.0.0.1"),
            ("10.0.0.1", "1.1.1.1\n, <script>, 10.0.0.2", "10.0.0.2"),
            ("10.0.0.1", "203.0.113.7:51234", "203.0.113.7"),
            ("10.0.0.1", "[2001:db8::7]:443", "2001:db8::7"),
            ("10.0.0.1", "2001:DB8:0::7", "2001:db8::7"),
            ("10.0.0.1", "fe80::1%eth0", "10.0.0.1"),
            ("::ffff:10.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("10.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
            ("fd00::1", "203.0.113.7", "203.0.113.7"),
        ],
    )
    def test_by_x_forwarded_for(self, peer: str, hops: str, client: str) -> None:
        outside = Outside(None, self.TRUSTED)
        assert outside.told(peer, [(b"x-forwarded-for", hops.encode())])[0] == client
        in_parts = [(b"x-forwarded-for", hop.encode()) for hop in hops.split(",")]
        assert outside.told(peer, in_parts)[0] == client

    @pytest.mark.parametrize(
        ("header", "client", "scheme"),
        [
            ("for=203.0.113.7;proto=https", "203.0.113.7", "https"),
            ('for=1.1.1.1, For="203.0.113.7:80";Proto=HTTPS;by=10.0.0.1', "203.0.113.7", "https"),
            ('for="[2001:db8::7]:443"', "2001:db8::7", None),
            ("for=203.0.113.7, for=_hidden", "10.0.0.1", None),
            ('for="203.0.113.7', "10.0.0.1", None),
            ("nothing", "10.0.0.1", None),
            ("", "10.0.0.1", None),
        ],
    )
    def test_by_forwarded(self, header: str, client: str, scheme: str | None) -> None:
        outside = Outside(None, self.TRUSTED, "forwarded")
        assert outside.told("10.0.0.1", [(b"forwarded", header.encode())]) == (client, scheme)

    @pytest.mark.parametrize("chosen", HEADERS)
    def test_is_not_said_by_the_other_header_which_a_client_may_have_written(self, chosen: str) -> None:
        outside = Outside(None, self.TRUSTED, chosen)
        others = [(b"forwarded", b"for=1.1.1.1;proto=https")]
        if chosen == "forwarded":
            others = [(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-proto", b"https")]
        assert outside.told("10.0.0.1", others) == ("10.0.0.1", None)

    @pytest.mark.parametrize(("said", "scheme"), [("https", "https"), ("http, https", "https"), ("gopher", None)])
    def test_uses_the_scheme_that_the_nearest_proxy_says(self, said: str, scheme: str | None) -> None:
        assert Outside(None, self.TRUSTED).told("10.0.0.1", [(b"x-forwarded-proto", said.encode())])[1] == scheme
        assert Outside(None, self.TRUSTED).told("9.9.9.9", [(b"x-forwarded-proto", said.encode())])[1] is None

    def test_a_thousand_hops_are_not_all_looked_at(self) -> None:
        hops = ", ".join(f"10.1.{number // 256}.{number % 256}" for number in range(1000))
        assert Outside(None, self.TRUSTED).told("10.0.0.1", [(b"x-forwarded-for", hops.encode())])[0] == "10.1.3.200"


class TestSettings:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("HAYMOW_PUBLIC_URL", "models.example.com"),
            ("HAYMOW_PUBLIC_URL", "ftp://models.example.com"),
            ("HAYMOW_PUBLIC_URL", "https://user:canary@models.example.com"),
            ("HAYMOW_PUBLIC_URL", "https://models.example.com/a/../b"),
            ("HAYMOW_PUBLIC_URL", "https://models.example.com/a?canary"),
            ("HAYMOW_PUBLIC_URL", "https://models.example.com/a b"),
            ("HAYMOW_PUBLIC_URL", 'https://models.example.com/"><script>'),
            ("HAYMOW_PUBLIC_URL", "https://models.example.com/api/canary"),
            ("HAYMOW_TRUSTED_PROXIES", "canary"),
            ("HAYMOW_TRUSTED_PROXIES", "10.0.0.1/8"),
            ("HAYMOW_TRUSTED_PROXIES", "*"),
            ("HAYMOW_FORWARDED_HEADER", "canary"),
        ],
    )
    def test_that_cannot_be_meant_are_refused(self, name: str, text: str) -> None:
        with pytest.raises(StartFailed, match=name) as caught:
            settings_from({name: text})
        assert "canary" not in caught.value.message

    @pytest.mark.parametrize(
        ("text", "origin", "prefix"),
        [
            ("https://models.example.com", "https://models.example.com", ""),
            ("https://models.example.com/", "https://models.example.com", ""),
            ("http://10.0.0.7:8080/a/b/", "http://10.0.0.7:8080", "/a/b"),
            ("https://[fd00::1]/haymow", "https://[fd00::1]", "/haymow"),
        ],
    )
    def test_say_where_it_is(self, text: str, origin: str, prefix: str) -> None:
        assert settings_from({"HAYMOW_PUBLIC_URL": text}).outside.public == (origin, prefix)


@pytest.fixture(scope="module", params=[False, True], ids=["kept", "stripped"])
def proxied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningServer, Proxy]]:
    """haymow behind a proxy that it trusts, below a prefix that the proxy keeps or strips."""
    more = {"HAYMOW_PUBLIC_URL": PUBLIC, "HAYMOW_TRUSTED_PROXIES": "127.0.0.1"}
    with ExitStack() as stack:
        server = stack.enter_context(running(tmp_path_factory.mktemp("proxied") / "data", more=more))
        port = urlsplit(server.url).port or 0
        yield server, stack.enter_context(before(port, Proxy(PREFIX, strips=request.param, keeps_host=False)))


Proxied = tuple[RunningServer, Proxy]


class TestBelowAPrefix:
    def test_the_api_answers_and_links_to_itself(self, proxied: Proxied) -> None:
        server, proxy = proxied
        with client_of(proxy.url, server.token) as client:
            workspace = client.get("/api/v1/workspaces/default").json()["workspace_id"]
            models = f"/api/v2/workspaces/{workspace}/models"
            made = client.post(f"{models}/custom", json=definition(f"m-{proxy.strips}"))
            assert made.headers["location"] == f"{PREFIX}{models}/{made.json()['model_id']}"
            new = client.post("/api/v1/workspaces", json={"name": f"w-{proxy.strips}"})
            assert new.headers["location"] == f"{PREFIX}/api/v1/workspaces/w-{proxy.strips}"
            gone = client.get(f"{models}/00000000-0000-4000-8000-000000000000").json()
            assert gone["type"] == f"{PREFIX}/errors/model_not_found"
            assert client.get("/x%2f..%2fy").json()["type"] == f"{PREFIX}/errors/not_found"
            pipeline = client.get(f"{models}/{made.json()['model_id']}/pipeline").text
            assert f"api_base_url: {PUBLIC}\n" in pipeline

    def test_the_document_names_the_server_and_the_documentation_finds_it(self, proxied: Proxied) -> None:
        _, proxy = proxied
        assert httpx.get(f"{proxy.url}/openapi.json").json()["servers"] == [{"url": PUBLIC}]
        assert 'href="openapi.json"' in httpx.get(f"{proxy.url}/docs").text

    @pytest.mark.parametrize("path", ["", "/", "/w/default/models"])
    def test_the_page_names_its_files_below_it(self, proxied: Proxied, path: str) -> None:
        _, proxy = proxied
        document = httpx.get(proxy.url + path, headers=PAGE).text
        assert f'name="haymow-prefix" content="{PREFIX}"' in document
        assert '="./' not in document and '="/assets' not in document
        script = document.partition('src="')[2].partition('"')[0]
        assert script.startswith(f"{PREFIX}/assets/")
        assert httpx.get(proxy.url + script.removeprefix(PREFIX)).headers["content-type"].startswith("text/javascript")

    def test_what_only_begins_like_the_prefix_is_not_below_it(self, proxied: Proxied) -> None:
        server, _ = proxied
        assert httpx.get(f"{server.url}{PREFIX}x/healthz").status_code == 404
        assert httpx.get(f"{server.url}{PREFIX}/healthz").status_code == 200
        assert httpx.get(f"{server.url}{PREFIX}{PREFIX}/healthz").status_code == 404
        assert httpx.get(f"{server.url}/healthz").status_code == 200  # as kubelets ask

    def test_links_to_sign_in_lead_to_the_public_address(self, proxied: Proxied) -> None:
        server, _ = proxied
        assert server.link.startswith(f"{PUBLIC}/sign-in#")

    def test_the_sessions_cookie_is_for_the_prefix_and_for_tls(self, proxied: Proxied) -> None:
        server, proxy = proxied
        headers = {"origin": "https://models.example.com"}
        answer = httpx.post(f"{proxy.url}/api/v2/session", json={"token": server.token}, headers=headers)
        assert answer.status_code == 201, answer.text
        assert "; Path=/haymow;" in answer.headers["set-cookie"] and "; Secure" in answer.headers["set-cookie"]

    def test_another_sites_page_signs_nobody_in(self, proxied: Proxied) -> None:
        server, proxy = proxied
        for origin in ("https://evil.example.com", "http://models.example.com", "null"):
            answer = httpx.post(f"{proxy.url}/api/v2/session", json={"token": server.token}, headers={"origin": origin})
            assert answer.status_code == 403


def lines_of(server: RunningServer, answer: httpx.Response) -> str:
    """The client that the log names for a request."""
    request_id = answer.headers["x-request-id"]
    wait_until(lambda: request_id in server.log.read_text())
    found = next(line for line in server.log.read_text().splitlines() if request_id in line)
    return str(json.loads(found)["client"])


class TestATrustedProxy:
    @pytest.mark.parametrize("writes", ["x-forwarded", "forwarded"])
    def test_is_believed_and_what_a_client_wrote_is_not(
        self, tmp_path: Path, writes: Literal["x-forwarded", "forwarded"]
    ) -> None:
        more = {"HAYMOW_TRUSTED_PROXIES": "127.0.0.1", "HAYMOW_FORWARDED_HEADER": writes}
        spoofed = {"x-forwarded-for": "198.51.100.7", "forwarded": "for=198.51.100.7"}
        with running(tmp_path / "data", more=more) as server:
            said = httpx.get(f"{server.url}/healthz", headers=spoofed)  # by one who is trusted
            assert lines_of(server, said) == "198.51.100.7"
            proxy = Proxy(writes=writes)
            with before(urlsplit(server.url).port or 0, proxy):
                # The proxy's own word stands right of it; both are loopback here, so one more hop is trusted.
                through = httpx.get(f"{proxy.url}/healthz", headers={"x-forwarded-for": "junk", "forwarded": "junk"})
                assert lines_of(server, through) == "127.0.0.1"

    def test_makes_the_limit_of_sign_ins_each_clients_own(self, tmp_path: Path) -> None:
        with running(tmp_path / "data", more={"HAYMOW_TRUSTED_PROXIES": "127.0.0.1"}) as server:
            first, second = "198.51.100.7", "198.51.100.8"
            refused = [sign_in(server, "hm_wrong", f"{number}.1.1.1, {first}") for number in range(MOST_FAILURES)]
            assert set(refused) == {401}
            assert sign_in(server, "hm_wrong", f"9.9.9.9, {first}") == 429
            assert sign_in(server, server.token, second) == 201
            with client_of(server.url, server.token) as client:
                sources = {one["source"] for one in client.get("/api/v2/audit").json()["data"]}
            assert second in sources

    def test_is_nobody_unless_named(self, tmp_path: Path) -> None:
        with running(tmp_path / "data", more={"HAYMOW_TRUSTED_PROXIES": "10.0.0.0/8"}) as server:
            said = httpx.get(f"{server.url}/healthz", headers={"x-forwarded-for": "198.51.100.7"})
            assert lines_of(server, said) == "127.0.0.1"
            headers = {"x-forwarded-proto": "https", "sec-fetch-site": "same-origin"}
            answer = httpx.post(f"{server.url}/api/v2/session", json={"token": server.token}, headers=headers)
            assert "Secure" not in answer.headers["set-cookie"]
            counter = itertools.count(1)
            answers = [sign_in(server, "hm_wrong", f"198.51.100.{next(counter)}") for _ in range(MOST_FAILURES + 1)]
            assert answers[-1] == 429


def sign_in(server: RunningServer, token: str, forwarded_for: str) -> int:
    headers = {"sec-fetch-site": "same-origin", "x-forwarded-for": forwarded_for}
    return httpx.post(f"{server.url}/api/v2/session", json={"token": token}, headers=headers).status_code
