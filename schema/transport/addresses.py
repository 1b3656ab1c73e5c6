"""Whom limits count: the client's address, where proxies are believed only when the operator named them."""

from collections.abc import Collection
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.requests import HTTPConnection

NETWORK_BITS = 64
"""Of an IPv6 address: within such a network a single computer can have as many as it likes."""


def client_address(connection: HTTPConnection, trusted_proxies: Collection[str]) -> str:
    """The peer's; behind trusted proxies, the nearest address of X-Forwarded-For that is not one of them.

    Of an IPv6 address its network, as in 2001:db8::/64.
    """
    peer = connection.client.host if connection.client else "unknown"
    if peer not in trusted_proxies:
        return _counted(peer)
    # A proxy may add a line of its own below the client's, so that all lines count, as one list.
    lines = ",".join(connection.headers.getlist("x-forwarded-for"))
    forwarded = [_host(entry.strip()) for entry in lines.split(",")]
    return _counted(next((entry for entry in reversed(forwarded) if entry and entry not in trusted_proxies), peer))


def _host(entry: str) -> str:
    """Without the port that some proxies add, as in 192.0.2.1:4711 and [2001:db8::1]:4711."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


def _counted(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), NETWORK_BITS), strict=False))
