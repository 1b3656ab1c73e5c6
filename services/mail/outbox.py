"""Mail that is not sent but kept, a file each: for a developer's computer, where there is no mail server."""

import asyncio
import secrets
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

import structlog
from structlog.typing import FilteringBoundLogger

from services.mail.mailer import MailFailed

FILE_MODE = 0o600
FOLDER_MODE = 0o700

log: FilteringBoundLogger = structlog.get_logger()


class OutboxMailer:
    """Files are named by the time, so that the newest is the last, and can be read by us alone: they hold tokens."""

    name = "outbox"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, mail: EmailMessage) -> None:
        try:
            path = await asyncio.to_thread(self._keep, mail.as_bytes(policy=SMTPUTF8))
        except OSError as error:
            raise MailFailed(f"The outbox cannot be written ({error.strerror}).") from error
        log.info("mail.kept", file=str(path))

    def _keep(self, content: bytes) -> Path:
        self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        path = self._folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}.eml"
        being_written = path.with_suffix(".part")
        being_written.touch(mode=FILE_MODE, exist_ok=False)
        being_written.write_bytes(content)
        # All or nothing: whoever watches the folder never sees half a mail.
        being_written.rename(path)
        return path
