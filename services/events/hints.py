"""How processes tell each other that there is something new. Hints may be lost: they save time, and carry no data."""

from collections.abc import Callable
from typing import Protocol

from db.outbox import Wakeups


class Hints(Protocol):
    def publish(self, wakeups: Wakeups) -> None:
        """Hand over what other processes are to hear. Does not block."""
        ...

    async def run(self, on_hint: Callable[[Wakeups], None], on_gap: Callable[[], None]) -> None:
        """Send and listen until cancelled, through outages.

        `on_hint` gets what other processes published. `on_gap` is called whenever listening begins (again): hints from
        before may have been lost. A way that reaches no other process may return at once.
        """
        ...
