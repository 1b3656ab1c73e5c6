"""Mail by SMTP, encrypted unless the server is on this computer."""

import asyncio
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from ipaddress import ip_address
from typing import Self
from urllib.parse import unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPException, SMTPNotSupported, SMTPRecipientsRefused, SMTPResponseException

from services.mail.mailer import MailFailed, MailRefused

STEP_SECONDS = 15
WHOLE_SECONDS = 45
PERMANENT = 500
"""Replies from here on say that trying again changes nothing (RFC 5321, 4.2.1)."""


class Encryption(StrEnum):
    TLS = "TLS"
    """From the first byte on (RFC 8314)."""
    STARTTLS = "STARTTLS"
    """From a command on, without which nothing is sent."""
    NONE = "NONE"


PORTS = {Encryption.TLS: 465, Encryption.STARTTLS: 587, Encryption.NONE: 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    host: str
    port: int
    encryption: Encryption
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """smtps:// is TLS; smtp:// is STARTTLS, or plain to a server on this computer."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        plain = Encryption.NONE if is_loopback(host) else Encryption.STARTTLS
        encryption = Encryption.TLS if parts.scheme == "smtps" else plain
        return cls(
            host=host,
            port=parts.port or PORTS[encryption],
            encryption=encryption,
            username=None if parts.username is None else unquote(parts.username),
            password=None if parts.password is None else unquote(parts.password),
        )


class SmtpMailer:
    """One connection a mail: few are sent, and one that has idled may be dead without our knowing."""

    name = "smtp"

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        # The authorities that this computer trusts; loaded once, since that takes a while.
        self._tls = None if server.encryption is Encryption.NONE else ssl.create_default_context()

    async def send(self, mail: EmailMessage) -> None:
        server = self._server
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                await aiosmtplib.send(
                    mail,
                    hostname=server.host,
                    port=server.port,
                    username=server.username,
                    password=server.password,
                    use_tls=server.encryption is Encryption.TLS,
                    start_tls=server.encryption is Encryption.STARTTLS,
                    tls_context=self._tls,
                    timeout=STEP_SECONDS,
                )
        except SMTPRecipientsRefused as refusal:
            code = min(one.code for one in refusal.recipients)
            if code >= PERMANENT:
                raise MailRefused(f"The mail server refuses the recipient ({code}).") from None
            raise MailFailed(f"The mail server does not take the recipient now ({code}).") from None
        except SMTPNotSupported:
            if mail["To"].addresses[0].addr_spec.isascii():
                raise MailFailed("The mail server lacks what its settings ask for, such as AUTH.") from None
            raise MailRefused("The mail server cannot take an address like this one.") from None
        except SMTPResponseException as error:
            raise MailFailed(f"The mail server refuses ({error.code}).") from None
        except (SMTPException, OSError, TimeoutError) as error:
            raise MailFailed(f"The mail server is out of reach ({type(error).__name__}).") from None
        except ValueError:
            # Before anything was sent: an address that no mail can have.
            raise MailRefused("The mail cannot be addressed.") from None


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
