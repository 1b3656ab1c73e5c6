"""Where a request comes from, as far as it can be told."""

from dataclasses import dataclass

USER_AGENT_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    address: str
    """The client's, as the throttle counts it (schema.transport.addresses)."""
    user_agent: str | None = None
    """What the client calls itself, at most USER_AGENT_LENGTH printable characters."""
    session_id: int | None = None
    """The session that its access token names, when we signed that token: it may have expired, or be revoked since."""
