"""Links that we sign: what stands in them is ours, and they expire."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from services.identity.keys import Keyring

TOKEN = re.compile(r"([0-9]{1,19})\.([0-9]{1,11})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Link:
    row_id: int
    expires_at: datetime


class SignedLinks:
    """Tokens for one purpose, each for one row."""

    def __init__(self, keyring: Keyring, purpose: str) -> None:
        self._keyring = keyring
        self._purpose = purpose

    def sign(self, row_id: int, expires_at: datetime) -> str:
        """It can stand in a path. Its expiry is rounded up to a whole second."""
        message = f"{row_id}.{-int(-expires_at.timestamp() // 1)}"
        return f"{message}.{self._keyring.sign(self._purpose, message)}"

    def read(self, token: str) -> Link | None:
        """None for what we have not signed. Whether it has expired is for the caller to say, by whose clock counts."""
        match = TOKEN.fullmatch(token)
        if match is None:
            return None
        row_id, expires, signature = match.groups()
        # As it was written: a number with a zero before it is another text.
        if not self._keyring.is_signed(self._purpose, f"{row_id}.{expires}", signature):
            return None
        return Link(int(row_id), datetime.fromtimestamp(int(expires), UTC))
