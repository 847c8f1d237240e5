"""The page: its files, its one document, and that nothing else is served. From a folder as Vite leaves it."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from haymow.server.http.page import read_page
from haymow.server.settings import PAGE, settings_from
from tests.abuse.raw import ask, request, send
from tests.abuse.subject import refused
from tests.server.http.served import Served

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCRIPT = "console.log('hay');" * 200
INDEX = """<!doctype html><meta name="csp-nonce" content="__CSP_NONCE__"><title>haymow</title>
<script type="module" src="/assets/index-B1x2.js"></script>"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the build leaves it, beside a file that is nobody's business."""
    above = tmp_path_factory.mktemp("package")
    (above / "secret.js").write_text("secret")
    folder = above / "ui"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "assets" / "index-B1x2.js").write_text(SCRIPT)
    (folder / "assets" / "index-C3y4.css").write_text("body{}")
    (folder / "assets" / "inter-D5z6.woff2").write_bytes(b"wOF2")
    (folder / "assets" / "index-B1x2.js.map").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def url(built: Path) -> Iterator[str]:
    with Served(otherwise=read_page(built)) as served:
        yield served.url


def policy(answer: httpx.Response) -> dict[str, str]:
    """The answer's Content-Security-Policy: directive -> sources."""
    parts = (part.strip().partition(" ") for part in answer.headers["content-security-policy"].split(";"))
    return {name: sources for name, _, sources in parts}


class TestTheDocument:
    @pytest.mark.parametrize(
        "path", ["/", "/sign-in", "/w/default/models", "/w/a%20b/models/1", "/settings/tokens", "/x"]
    )
    def test_is_the_answer_at_every_address_of_the_page(self, url: str, path: str) -> None:
        answer = ask("GET", url + path, headers=BROWSER)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "<title>haymow</title>" in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-request-id"]

    def test_has_a_nonce_of_its_own_and_a_policy_that_names_it(self, url: str) -> None:
        nonces = set()
        for _ in range(3):
            answer = ask("GET", url, headers=BROWSER)
            nonce = re.findall(r'<meta name="csp-nonce" content="([^"]*)">', answer.text)[0]
            assert re.fullmatch(r"[A-Za-z0-9_-]{22}", nonce)
            assert policy(answer) == {
                "default-src": "'none'",
                "script-src": "'self'",
                "style-src": f"'self' 'nonce-{nonce}'",
                "img-src": "'self'",
                "font-src": "'self'",
                "connect-src": "'self'",
                "manifest-src": "'none'",
                "form-action": "'none'",
                "base-uri": "'none'",
                "frame-ancestors": "'none'",
            }
            nonces.add(nonce)
        assert len(nonces) == 3

    def test_is_held_apart_from_other_sites(self, url: str) -> None:
        headers = ask("GET", url, headers=BROWSER).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["permissions-policy"] == "camera=(), microphone=(), geolocation=()"
        assert headers["x-content-type-options"] == "nosniff"

    def test_has_a_head(self, url: str) -> None:
        answer = ask("HEAD", url, headers=BROWSER)
        assert (answer.status_code, answer.content) == (200, b"")
        assert int(answer.headers["content-length"]) == len(ask("GET", url, headers=BROWSER).content)

    @pytest.mark.parametrize("accept", [None, "*/*", "application/json", "text/*", "text/html;q=0"])
    @pytest.mark.parametrize("path", ["/", "/w/default/models"])
    def test_is_for_who_asks_for_html(self, url: str, path: str, accept: str | None) -> None:
        """A program that mistakes an address gets a problem that it can read."""
        headers = [("Accept", accept)] if accept else []
        answer = send(url, request("GET", path, headers=headers))
        assert answer.status == 404
        assert answer.headers["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(
        "path",
        ["/api", "/api/", "/api/v2/nothing", "/api/v2/workspaces/x", "/assets", "/assets/", "/assets/index-0old.js",
         "/docs/x", "/errors", "/errors/a/b", "/healthz/x", "/readyz/", "/openapi.json/x", "/hello/x"],
    )  # fmt: skip
    def test_is_not_the_answer_where_the_server_has_its_own(self, url: str, path: str) -> None:
        if path == "/hello/x":  # below an operation there is nothing, and it is no name of the server's
            assert ask("GET", url + path, headers=BROWSER).status_code == 200
        else:
            refused(ask("GET", url + path, headers=BROWSER), 404)

    @pytest.mark.parametrize(
        ("path", "instead"),
        [
            ("/v1/models", "/api/v2/workspaces/{workspace_id}/openai/v1"),
            ("/chat/completions", "/api/v2/workspaces/{workspace_id}/openai/v1"),
            ("/api/v2/workspaces/1/openai/v1/embeddings", "chat/completions and models"),
            ("/api/v2/workspaces/1/openai/v1/models/a/b", "%2F"),
            ("/api/v2/nothing", "/docs"),
        ],
    )
    def test_what_is_nowhere_is_told_what_there_is_instead(self, url: str, path: str, instead: str) -> None:
        for method in ("GET", "POST"):
            assert instead in ask(method, url + path).json()["detail"]

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    @pytest.mark.parametrize("path", ["/", "/icon.svg", "/assets/index-B1x2.js", "/w/default/models"])
    def test_is_only_read(self, url: str, path: str, method: str) -> None:
        refused(ask(method, url + path, headers=BROWSER), 404)

    def test_leaves_operations_alone(self, url: str) -> None:
        assert ask("GET", f"{url}/hello", headers=BROWSER).json() == {"hello": "world"}
        refused(ask("POST", f"{url}/hello", headers=BROWSER), 405)


class TestAFile:
    @pytest.mark.parametrize(
        ("path", "kind", "content"),
        [
            ("/assets/index-B1x2.js", "text/javascript; charset=utf-8", SCRIPT.encode()),
            ("/assets/index-C3y4.css", "text/css; charset=utf-8", b"body{}"),
            ("/assets/inter-D5z6.woff2", "font/woff2", b"wOF2"),
        ],
    )
    def test_with_a_hash_in_its_name_is_kept_for_ever(self, url: str, path: str, kind: str, content: bytes) -> None:
        answer = ask("GET", url + path)
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["content-type"] == kind
        assert answer.headers.get_list("cache-control") == ["public, max-age=31536000, immutable"]
        assert answer.headers["x-content-type-options"] == "nosniff"

    def test_without_one_is_kept_for_an_hour(self, url: str) -> None:
        answer = ask("GET", f"{url}/icon.svg")
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["cache-control"] == "public, max-age=3600"

    def test_comes_packed_to_who_takes_it_so(self, url: str) -> None:
        path = f"{url}/assets/index-B1x2.js"
        packed, plain = (
            send(url, request("GET", "/assets/index-B1x2.js", headers=[("Accept-Encoding", coding)]))
            for coding in ("br, gzip", "gzip;q=0")
        )
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body == SCRIPT.encode()
        assert len(packed.body) < len(plain.body) / 4
        assert "content-encoding" not in plain.headers
        assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
        head = ask("HEAD", path, headers={"accept-encoding": "gzip"})
        assert int(head.headers["content-length"]) == len(packed.body)

    def test_that_the_build_has_packed_comes_as_that_packed_it(self, built: Path) -> None:
        beside = built / "assets" / "index-B1x2.js.gz"
        beside.write_bytes(gzip.compress(SCRIPT.encode(), compresslevel=1))
        try:
            files = read_page(built).files
            assert files["/assets/index-B1x2.js"].packed == beside.read_bytes()
            assert "/assets/index-B1x2.js.gz" not in files
        finally:
            beside.unlink()

    def test_that_packing_makes_larger_comes_as_it_is(self, url: str) -> None:
        answer = ask("GET", f"{url}/assets/index-C3y4.css", headers={"accept-encoding": "gzip"})
        assert "content-encoding" not in answer.headers

    @pytest.mark.parametrize(
        "path",
        ["/assets/../../secret.js", "/../secret.js", "/assets/..%2f..%2fsecret.js", "/assets/%2e%2e/%2e%2e/secret.js",
         "/assets/..\\..\\secret.js", "/assets//index-B1x2.js", "/assets/./index-B1x2.js", "/assets/index-B1x2.js/",
         "/assets/index-B1x2.js%00", "/assets/INDEX-B1X2.JS", "/assets/index-B1x2.js.map", "/secret.js"],
    )  # fmt: skip
    def test_is_found_by_its_name_in_a_table_and_nothing_else_is(self, url: str, path: str) -> None:
        answer = send(url, request("GET", path))
        assert answer.status == 404, answer.text
        assert "secret" not in answer.text

    @pytest.mark.parametrize("path", ["/index.html", "/assets/index.html"])
    def test_is_not_the_document(self, url: str, path: str) -> None:
        """With its placeholder for a nonce it would be a page without styles."""
        assert "__CSP_NONCE__" not in ask("GET", url + path, headers=BROWSER).text

    def test_that_comes_later_is_not_there(self, url: str, built: Path) -> None:
        (built / "assets" / "late-E7a8.js").write_text("late")
        refused(ask("GET", f"{url}/assets/late-E7a8.js"), 404)


@pytest.fixture(scope="module")
def unbuilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with Served(otherwise=read_page(tmp_path_factory.mktemp("nothing") / "ui")) as served:
        yield served.url


class TestWithoutABuild:
    def test_the_document_says_how_to_build_it(self, unbuilt: str) -> None:
        answer = ask("GET", unbuilt, headers=BROWSER)
        assert answer.status_code == 200
        assert "<code>make setup</code>" in answer.text
        nonce = re.findall(r'<style nonce="([^"]+)">', answer.text)[0]
        assert policy(answer)["style-src"] == f"'self' 'nonce-{nonce}'"
        assert "<script" not in answer.text

    def test_files_are_not_there(self, unbuilt: str) -> None:
        for path in ("/icon.svg", "/assets/index-B1x2.js"):
            refused(ask("GET", unbuilt + path), 404)

    def test_a_half_built_one_counts_as_none(self, tmp_path: Path) -> None:
        (tmp_path / "assets").mkdir()
        (tmp_path / "assets" / "index-B1x2.js").write_text("half")
        assert dict(read_page(tmp_path).files) == {}


def test_haymow_serves_what_is_built_into_its_package() -> None:
    assert settings_from({}).page == PAGE
    assert PAGE.parts[-2:] == ("haymow", "ui")
