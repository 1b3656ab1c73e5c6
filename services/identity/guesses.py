"""How many passwords may be tried on one account, so that neither a guesser gets far nor the owner is locked out."""

from db.queries import sessions as queries
from db.queries.sessions import FamiliarRow
from db.sessions import Sessions
from services.counters.throttle import Throttle
from services.identity.devices import Device
from services.rates import Rate

ACCOUNT_RATE = Rate(attempts=10, seconds=15 * 60)
"""From one address, wrong or right: a stranger elsewhere cannot use them up."""
EVERYWHERE_RATE = Rate(attempts=100, seconds=15 * 60)
"""From all addresses that are new to the account, so that a hundred of them do not guess a hundred times as much."""


class Guesses:
    def __init__(self, database: Sessions, throttle: Throttle) -> None:
        self._database = database
        self._throttle = throttle

    async def count(self, device: Device, email: str) -> None:
        """Count a password that is about to be tried. Raises RateLimited.

        Whoever comes with a session of the account that was not revoked has attempts of their own, and whoever comes
        from where one began lately is not counted with the rest of the world: strangers can lock neither out. An
        account that does not exist is counted like any other.
        """
        async with self._database.read() as reader:
            row = await reader.row(FamiliarRow, queries.familiar(email, device.session_id, device.address))
        familiar = row or FamiliarRow(has_session=False, has_address=False)
        if familiar.has_session:
            await self._throttle.count("known", str(device.session_id), ACCOUNT_RATE)
            return
        here = f"{device.address} {email}"
        await self._throttle.count("account", here, ACCOUNT_RATE)
        # Counted whichever it is, so that a neighbour of the owner cannot tell by the time it takes.
        await self._throttle.count("everywhere", here if familiar.has_address else email, EVERYWHERE_RATE)
