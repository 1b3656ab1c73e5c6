"""A real SMTP server on loopback, in the test's own event loop."""

import asyncio
import warnings
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.certificates import Certificate
from tests.servers.ports import free_port


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A mail as it was handed over."""

    sender: str
    recipients: list[str]
    was_encrypted: bool
    login: str | None
    """The user name that was signed in with."""
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.content, policy=SMTPUTF8)


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """The server's side: what it got, and what it says to what."""

    port: int
    deliveries: list[Delivery] = field(default_factory=list[Delivery])
    refusals: Mapping[str, str] = field(default_factory=dict[str, str])
    """The reply to RCPT by recipient; to others it is friendly."""
    data_replies: list[str] = field(default_factory=list[str])
    """To the next DATA commands, one each; what is refused is not delivered."""

    async def handle_RCPT(  # noqa: N802  named by aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  named by aiosmtpd
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        reply = self.data_replies.pop(0) if self.data_replies else "250 OK"
        if not reply.startswith("250"):
            return reply
        content, sender = envelope.content, envelope.mail_from
        assert isinstance(content, bytes)
        assert sender is not None
        assert server.transport is not None
        self.deliveries.append(
            Delivery(
                sender=sender,
                recipients=[str(one) for one in envelope.rcpt_tos],
                was_encrypted=server.transport.get_extra_info("sslcontext") is not None,
                login=_login(session.auth_data),
                content=content,
            )
        )
        return reply


def _login(proof: object) -> str | None:
    return proof.login.decode() if isinstance(proof, LoginPassword) else None


@asynccontextmanager
async def smtp_server(
    *,
    port: int | None = None,
    starttls: Certificate | None = None,
    tls: Certificate | None = None,
    login: tuple[str, str] | None = None,
    takes_utf8: bool = False,
) -> AsyncGenerator[Mailbox]:
    """At most one of the certificates; with a `login`, nobody sends without it."""
    mailbox = Mailbox(port=port or free_port())

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        del server, session, envelope, mechanism
        is_right = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == login
        return AuthResult(success=is_right, handled=False, auth_data=data)

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # It does not know of TLS from the first byte on, and takes that for none.
            warnings.simplefilter("ignore")
            return SMTP(
                mailbox,
                hostname="localhost",
                enable_SMTPUTF8=takes_utf8,
                tls_context=starttls.server_context() if starttls else None,
                require_starttls=starttls is not None,
                auth_required=login is not None,
                auth_require_tls=starttls is not None,
                authenticator=authenticate if login else None,
            )

    context = tls.server_context() if tls else None
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", mailbox.port, ssl=context)
    try:
        yield mailbox
    finally:
        server.close()
        await server.wait_closed()
