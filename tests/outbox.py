"""The mail that a server under test has kept in its outbox."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8

from services.settings import Settings
from tests.conditions import until

TOKEN = re.compile(r"^([A-Za-z0-9_-]{43})\r?$", re.MULTILINE)


def kept(settings: Settings) -> list[EmailMessage]:
    """The oldest first."""
    files = sorted((settings.data_dir / "outbox").glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=SMTPUTF8) for file in files]


async def mails(settings: Settings, count: int, *, subject: str = "password") -> list[EmailMessage]:
    """Those with this word in their subject, once there are so many."""

    def found() -> list[EmailMessage]:
        return [mail for mail in kept(settings) if subject in mail["Subject"]]

    async def are_there() -> bool:
        return len(found()) >= count

    await until(are_there)
    assert len(found()) == count
    return found()


async def newest_token(settings: Settings, count: int = 1, *, subject: str = "password") -> str:
    """That of the last of so many mails."""
    return token_in((await mails(settings, count, subject=subject))[-1])


def token_in(mail: EmailMessage) -> str:
    (token,) = TOKEN.findall(mail.get_content())
    found: str = token
    return found
