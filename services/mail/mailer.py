"""What sends mail."""

from email.message import EmailMessage
from typing import Protocol


class MailFailed(Exception):
    """The mail did not leave, and may if it is tried again. The text names no person."""


class MailRefused(Exception):
    """The mail cannot be delivered, however often it is tried. The text names no person."""


class Mailer(Protocol):
    @property
    def name(self) -> str:
        """`smtp` or `outbox`."""
        ...

    async def send(self, mail: EmailMessage) -> None:
        """Raises MailFailed or MailRefused."""
        ...
