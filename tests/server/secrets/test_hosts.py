"""Where a secret may be sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from haymow.generators import UnusableUrl, host_and_port
from haymow.generators.definitions.hosts import admits, host_of
from haymow.server.secrets.rules import MOST_HOSTS, checked_hosts, usual_or_agreed


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("api.openai.com", "api.openai.com:443"),
        ("API.OpenAI.com", "api.openai.com:443"),
        ("api.openai.com.", "api.openai.com:443"),
        ("api.openai.com:8443", "api.openai.com:8443"),
        ("https://api.openai.com", "api.openai.com:443"),
        ("HTTPS://api.openai.com:8443", "api.openai.com:8443"),
        ("localhost:11434", "localhost:11434"),
        ("http://api.openai.com", "http://api.openai.com:80"),
        ("HTTP://vLLM.internal:8000", "http://vllm.internal:8000"),
        ("http://*.Example.com:8000", "http://*.example.com:8000"),
        ("http://[2001:db8::1]", "http://[2001:db8::1]:80"),
        ("http://localhost:11434", "localhost:11434"),
        ("http://127.1", "127.0.0.1:80"),
        ("*.openai.azure.com", "*.openai.azure.com:443"),
        ("*.Example.COM:8443", "*.example.com:8443"),
        ("https://*.example.com", "*.example.com:443"),
        ("127.1", "127.0.0.1:443"),
        ("2130706433", "127.0.0.1:443"),
        ("0x7f.1:80", "127.0.0.1:80"),
        ("[::1]:8080", "[::1]:8080"),
        ("::1", "[::1]:443"),
        ("[::ffff:127.0.0.1]", "127.0.0.1:443"),
        ("2001:DB8::0:1", "[2001:db8::1]:443"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example:443"),
    ],
)
def test_a_host_has_one_spelling(text: str, host: str) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "*", "*.", "*.com", "*.*.com", "api.*.com", "a*.example.com", "*example.com", "*.127.0.0.1",
        "*.::1", "*.[::1]",
        "http://api.openai.com/", "http://", "ftp://api.openai.com", "https://", "https://api.openai.com/",
        "api.openai.com/v1", "https://https://a.b",
        "user@api.openai.com", "user:pass@api.openai.com", "api.openai.com?x", "api.openai.com#x",
        "api.openai.com\\@evil.example",
        "api.openai.com:", "api.openai.com:0", "api.openai.com:65536", "api.openai.com:http", "api.openai.com:443:443",
        "api openai.com", "api.openai.com\n", "b\u00fccher.example", "api..com", "-a.example",
        "1.2.3.4.5", "256.1.1.1", "[::1", "a" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(UnusableUrl):
        host_of(text)


@given(st.text(max_size=60))
def test_any_text_is_a_host_or_is_refused(text: str) -> None:
    try:
        host = host_of(text)
    except UnusableUrl:
        return
    assert host_of(host) == host


@given(st.from_regex(r"[a-z][a-z0-9-]{0,8}[a-z0-9](\.[a-z][a-z0-9]{0,8}){0,3}(:[1-9][0-9]{0,3})?", fullmatch=True))
def test_a_host_admits_the_address_that_means_it(text: str) -> None:
    assert admits((host_of(text),), host_and_port(f"https://{text}/v1"))


def test_each_wrong_host_has_its_pointer_and_each_right_one_is_kept_once() -> None:
    hosts, faults = checked_hosts(["a.example", "ftp://b", "https://A.example:443", "*"])
    assert hosts == ("a.example:443",)
    assert [(fault.pointer, fault.code) for fault in faults] == [
        ("#/hosts/1", "invalid_host"),
        ("#/hosts/3", "invalid_host"),
    ]


@pytest.mark.parametrize("count", [0, MOST_HOSTS + 1])
def test_too_few_or_too_many_hosts_are_refused(count: int) -> None:
    assert [fault.pointer for fault in checked_hosts(["a.example"] * count)[1]] == ["#/hosts"]


@pytest.mark.parametrize(
    ("hosts", "destination", "expected"),
    [
        (None, "a.example:443", False),
        ((), "a.example:443", False),
        (("a.example:443",), "a.example:443", True),
        (("a.example:443",), "a.example:444", False),
        (("a.example:443",), "b.a.example:443", False),
        (("a.example:443", "b.example:443"), "b.example:443", True),
        (("*.a.example:443",), "b.a.example:443", True),
        (("*.a.example:443",), "b.a.example:8443", False),
        (("*.a.example:443",), "a.example:443", False),
        (("*.a.example:443",), "c.b.a.example:443", False),
        (("*.a.example:443",), ".a.example:443", False),
        (("*.a.example:443",), "ba.example:443", False),
        (("*.a.example:443",), "evil-a.example:443", False),
        (("a.*.example:443",), "a.b.example:443", True),
        (("a.*.example:443",), "b.b.example:443", False),
        (("a.*.example:443",), "a.evil:443", False),
        # Without TLS
        (("a.example:443",), "http://a.example:443", False),
        (("http://a.example:443",), "a.example:443", False),
        (("http://a.example:8000",), "http://a.example:8000", True),
        (("http://a.example:8000",), "http://a.example:80", False),
        (("*.a.example:443",), "http://b.a.example:443", False),
        (("http://*.a.example:80",), "http://b.a.example:80", True),
        (("http://*.a.example:80",), "b.a.example:80", False),
        # A destination that only a library makes whole
        (("*.a.example:443",), "*.a.example:443", True),
        (("b.a.example:443",), "*.a.example:443", False),
        (("a.*.example:443",), "*.b.example:443", False),
    ],
)
def test_a_secret_goes_to_its_hosts_alone(hosts: tuple[str, ...] | None, destination: str, expected: bool) -> None:
    assert admits(hosts, destination) is expected


@pytest.mark.parametrize(
    ("usual", "destinations", "expected"),
    [
        (("a.example:443",), {"evil.example:443"}, ("a.example:443",)),
        ((), {"b.example:443"}, ("b.example:443",)),
        ((), {"b.example:443", "c.example:443"}, None),
        ((), set(), None),
    ],
)
def test_without_hosts_the_usual_ones_count_then_those_all_definitions_agree_on(
    usual: tuple[str, ...], destinations: set[str], expected: tuple[str, ...] | None
) -> None:
    assert usual_or_agreed(usual, destinations) == expected
