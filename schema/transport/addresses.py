"""The client's address, for the throttle: proxies are believed only when the operator named them."""

from collections.abc import Collection

from starlette.requests import HTTPConnection


def client_address(connection: HTTPConnection, trusted_proxies: Collection[str]) -> str:
    """The peer's; behind trusted proxies, the nearest address of X-Forwarded-For that is not one of them."""
    peer = connection.client.host if connection.client else "unknown"
    if peer not in trusted_proxies:
        return peer
    # A proxy may add a line of its own below the client's, so that all lines count, as one list.
    lines = ",".join(connection.headers.getlist("x-forwarded-for"))
    forwarded = [entry.strip() for entry in lines.split(",")]
    return next((entry for entry in reversed(forwarded) if entry and entry not in trusted_proxies), peer)
