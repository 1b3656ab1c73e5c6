"""How many frames a websocket may send: each costs time to parse, though it may say nothing."""

import time

from services.rates import Rate

FRAMES_PER_MESSAGE = 10
LEAST_FRAMES = 500
"""Whatever the rate of messages: one message may come in many frames."""


def frames_for(messages: Rate) -> Rate:
    """Far more than clients send that keep to this rate of messages, which has a kinder end than this one."""
    return Rate(max(messages.attempts * FRAMES_PER_MESSAGE, LEAST_FRAMES), messages.seconds)


class FrameRate:
    """So many at once, and then as many as the rate allows on average."""

    def __init__(self, rate: Rate) -> None:
        self._most = float(rate.attempts)
        self._per_second = rate.attempts / rate.seconds
        self._left = self._most
        self._counted_at = time.monotonic()

    def count(self, frames: int) -> bool:
        """Count so many; False beyond the rate."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._counted_at) * self._per_second) - frames
        self._counted_at = now
        return self._left >= 0
