"""What counts attempts. It must be exact when many processes count at once."""

from typing import Protocol

from services.rates import Rate


class Counter(Protocol):
    async def count(self, key: str, rate: Rate) -> float | None:
        """One attempt more under the key; beyond the rate, the seconds until its window ends."""
        ...

    async def run(self) -> None:
        """What it must do now and then, until cancelled."""
        ...
