"""What is public; tests/net/hostile_urls.txt holds what is not."""

from __future__ import annotations

import pytest

from bot.net.addresses import is_public


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "93.184.215.14", "100.63.255.255", "100.128.0.1", "172.32.0.1"),
        *("2606:4700:4700::1111", "2a00:1450:4001::200e", "::ffff:1.1.1.1"),
        # How a network without IPv4 reaches 93.184.215.14.
        "64:ff9b::5db8:d70e",
    ],
)
def test_public_addresses_are_reached(address):
    assert is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "1.1.1", "0x7f000001", "1.1.1.1 ", "::g"])
def test_what_is_no_address_is_not_public(text):
    assert not is_public(text)
