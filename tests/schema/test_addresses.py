"""Whose request it is: the peer's, unless the peer is a proxy that the operator trusts."""

from collections.abc import Sequence

import pytest
from starlette.requests import HTTPConnection

from schema.transport.addresses import client_address

PROXIES = frozenset({"10.0.0.1", "10.0.0.2", "2001:db8::1"})


def address(peer: str | None, *lines: str, proxies: frozenset[str] = PROXIES) -> str:
    """Of a request from this peer, with these lines of X-Forwarded-For."""
    headers = [(b"x-forwarded-for", line.encode("latin-1")) for line in lines]
    headers.append((b"x-real-ip", b"198.51.100.9"))
    client = None if peer is None else (peer, 12345)
    return client_address(HTTPConnection({"type": "http", "headers": headers, "client": client}), proxies)


@pytest.mark.parametrize(
    ("peer", "lines", "found"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        # Nobody is believed by what one says of oneself.
        ("192.0.2.1", ["198.51.100.1"], "192.0.2.1"),
        ("192.0.2.1", ["10.0.0.1"], "192.0.2.1"),
        ("10.0.0.3", ["198.51.100.1"], "10.0.0.3"),
        # A trusted proxy names its peer last.
        ("10.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", [" 192.0.2.1 "], "192.0.2.1"),
        ("10.0.0.1", ["2001:db8::7"], "2001:db8::/64"),
        # Ports are no part of it, and within one network everybody is one.
        ("10.0.0.1", ["192.0.2.1:4711"], "192.0.2.1"),
        ("10.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::/64"),
        ("10.0.0.1", ["192.0.2.1, [2001:db8::1]:4711"], "192.0.2.1"),
        ("2001:db8:1:2:3::4", [], "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", [], "192.0.2.1"),
        ("10.0.0.1", ["no address"], "no address"),
        ("2001:db8::1", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.1, 192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.1", "192.0.2.1"], "192.0.2.1"),
        ("10.0.0.1", ["198.51.100.1, 198.51.100.2", "198.51.100.3,192.0.2.1"], "192.0.2.1"),
        # Of two trusted proxies, the outer one names the client.
        ("10.0.0.1", ["198.51.100.1, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", ["192.0.2.1", "10.0.0.2"], "192.0.2.1"),
        ("10.0.0.1", ["10.0.0.2, 192.0.2.1"], "192.0.2.1"),
        # A proxy that says nothing is itself the client.
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["", " , ,"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.1"),
        (None, ["192.0.2.1"], "unknown"),
    ],
)
def test_the_nearest_address_that_can_be_believed(peer: str | None, lines: Sequence[str], found: str) -> None:
    assert address(peer, *lines) == found


def test_without_trusted_proxies_the_peer_is_the_client() -> None:
    assert address("10.0.0.1", "192.0.2.1", proxies=frozenset()) == "10.0.0.1"
