"""Hints that stay in the process: other processes find out by looking at the database from time to time."""

from collections.abc import Callable

from db.outbox import Wakeups


class LocalHints:
    def publish(self, wakeups: Wakeups) -> None:
        """Nobody else is told."""

    async def run(self, on_hint: Callable[[Wakeups], None], on_gap: Callable[[], None]) -> None:
        """Nothing comes from elsewhere."""
