"""What the operator allows, and what a name leads to."""

from __future__ import annotations

import asyncio

import pytest

from haymow.egress import Egress, MalformedAllowance, allowances
from haymow.egress.lookups import Target
from haymow.errors import UpstreamFailed


def resolved(*addresses: str, allowed: str = "") -> Egress:
    """A policy whose resolver knows these addresses for every name."""

    async def resolve(_: str, port: int) -> list[Target]:
        return [Target(address, port) for address in addresses]

    return Egress(allowances(allowed), resolve)


def targets(egress: Egress, host: str = "api.example.com", port: int = 443, *, tls: bool = True) -> list[Target]:
    return asyncio.run(egress.targets(host, port, tls=tls))


def is_blocked(egress: Egress, host: str = "api.example.com", port: int = 443, *, tls: bool = True) -> bool:
    try:
        targets(egress, host, port, tls=tls)
    except UpstreamFailed as error:
        assert error.code == "blocked_by_policy"
        return True
    return False


def test_a_public_name_over_tls_may_be_called_at_all_its_addresses() -> None:
    assert targets(resolved("8.8.8.8", "8.8.4.4")) == [Target("8.8.8.8", 443), Target("8.8.4.4", 443)]


def test_in_the_clear_nothing_may_be_called_that_is_not_allowed() -> None:
    assert is_blocked(resolved("8.8.8.8"), port=80, tls=False)
    assert not is_blocked(resolved("8.8.8.8", allowed="api.example.com:80"), port=80, tls=False)


def test_one_private_address_among_public_ones_blocks_the_name() -> None:
    assert is_blocked(resolved("8.8.8.8", "10.0.0.1"))


def test_an_allowed_name_may_lead_anywhere_and_only_at_its_port() -> None:
    egress = resolved("10.0.0.1", allowed="llm.internal:8443")
    assert not is_blocked(egress, "llm.internal", 8443, tls=False)
    assert is_blocked(egress, "llm.internal", 5432)
    assert is_blocked(egress, "other.internal", 8443)


def test_a_name_may_lead_to_an_allowed_address() -> None:
    egress = resolved("127.0.0.1", "::1", allowed="127.0.0.1:11434,[::1]:11434")
    assert not is_blocked(egress, "localhost", 11434, tls=False)
    assert is_blocked(egress, "localhost", 5432)


def test_any_port_of_a_host_is_allowed_by_a_star() -> None:
    assert not is_blocked(resolved("127.0.0.1", allowed="127.0.0.1:*"), "127.0.0.1", 39121, tls=False)
    assert is_blocked(resolved("127.0.0.2", allowed="127.0.0.1:*"), "127.0.0.2", 39121)


def test_a_name_without_an_address_is_no_matter_of_policy() -> None:
    with pytest.raises(OSError, match="no address"):
        targets(resolved())


def test_the_systems_resolver_reads_an_address_as_it_is() -> None:
    assert asyncio.run(Egress(allowances("[::1]:1")).targets("[::1]", 1, tls=False)) == [Target("::1", 1)]
    assert is_blocked(Egress(), "127.0.0.1", 1)


def test_allowances_are_compared_in_one_spelling() -> None:
    found = allowances("127.1:11434, LLM.Internal.:8443,[::0:1]:80,b.example:*")
    assert found == {("127.0.0.1", 11434), ("llm.internal", 8443), ("[::1]", 80), ("b.example", None)}
    assert allowances(" , ") == frozenset()


@pytest.mark.parametrize(
    "text", ["127.0.0.1", "http://a:1", "a:0", "a:65536", "a b:1", "*:*", "*:1", "a:x", "u@a:1", ":1", "a:1/b"]
)
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(MalformedAllowance, match="host:port"):
        allowances(text)
