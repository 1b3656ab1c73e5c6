"""How often one address may try to get in, by whatever door: all of them are counted together."""

from services.counters.throttle import Throttle
from services.identity.devices import Device
from services.rates import Rate


class SignInAttempts:
    def __init__(self, throttle: Throttle, rate: Rate) -> None:
        self._throttle = throttle
        self._rate = rate

    async def count(self, device: Device) -> None:
        """Raises RateLimited."""
        await self._throttle.count("auth", device.address, self._rate)
