"""Which addresses are public."""

from __future__ import annotations

import pytest

from haymow.egress.addresses import is_public


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_everyone_can_reach_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
        "169.254.169.254",  # metadata of AWS, Azure, Google
        "100.100.100.200",  # of Alibaba
        "168.63.129.16",  # of Azure's host, a public address by the registry
        "192.0.0.192",  # of Oracle
        "192.0.2.1", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_what_belongs_to_a_network_of_ours_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    ["::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b:1::808:808", "2002:7f00:1::", "2001::1"],
)
def test_an_ipv6_address_does_not_hide_an_ipv4_address(address: str) -> None:
    assert not is_public(address)
