"""Mail by SMTP, to a real server: encrypted, signed in, and what becomes of a refusal."""

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.mail.mailer import MailFailed, MailRefused
from services.mail.messages import Letter, Purpose
from services.mail.smtp import Encryption, SmtpMailer, SmtpServer
from tests.servers.certificates import Certificate, make_certificate
from tests.servers.ports import free_port
from tests.servers.smtp import Mailbox, smtp_server

LETTER = Letter(sender="VidWiz <vidwiz@example.com>", purpose=Purpose.PASSWORD_RESET, lifetime=timedelta(minutes=30))
LOGIN = ("vidwiz", "p@ss/word")


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
def trusted(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """This computer trusts it, as an operator would have it do."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    return certificate


def mail_to(email: str = "ada@example.com") -> EmailMessage:
    return LETTER.write(email, "the-token")


def mailer(mailbox: Mailbox, encryption: Encryption, *, host: str = "localhost", login: bool = False) -> SmtpMailer:
    username, password = LOGIN if login else (None, None)
    server = SmtpServer(host=host, port=mailbox.port, encryption=encryption, username=username, password=password)
    return SmtpMailer(server)


def test_a_url_says_how_to_reach_the_server() -> None:
    def read(url: str) -> tuple[str, int, str]:
        server = SmtpServer.from_url(url)
        return server.host, server.port, server.encryption

    assert read("smtp://mail.example.com") == ("mail.example.com", 587, "STARTTLS")
    assert read("smtp://mail.example.com:2525") == ("mail.example.com", 2525, "STARTTLS")
    assert read("smtps://mail.example.com") == ("mail.example.com", 465, "TLS")
    # A name that looks like this computer's is none.
    assert read("smtp://localhost.example.com") == ("localhost.example.com", 587, "STARTTLS")
    assert read("smtp://10.0.0.1") == ("10.0.0.1", 587, "STARTTLS")
    for host, url in (("localhost", "localhost"), ("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
        assert read(f"smtp://{url}") == (host, 25, "NONE")
        assert read(f"smtps://{url}:1465") == (host, 1465, "TLS")
    signed_in = SmtpServer.from_url("smtps://vidwiz:p%40ss%2Fword@mail.example.com")
    assert (signed_in.username, signed_in.password) == LOGIN
    assert LOGIN[1] not in repr(signed_in)


@pytest.mark.asyncio
async def test_a_mail_arrives_as_it_was_written() -> None:
    async with smtp_server() as mailbox:
        await mailer(mailbox, Encryption.NONE).send(mail_to())
    (delivery,) = mailbox.deliveries
    assert (delivery.sender, delivery.recipients) == ("vidwiz@example.com", ["ada@example.com"])
    assert delivery.mail["Subject"] == "A new password for VidWiz"
    assert "\r\nthe-token\r\n" in delivery.content.decode()


@pytest.mark.asyncio
@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
async def test_encrypted_and_signed_in(trusted: Certificate, encryption: Encryption) -> None:
    starttls, tls = (trusted, None) if encryption is Encryption.STARTTLS else (None, trusted)
    async with smtp_server(starttls=starttls, tls=tls, login=LOGIN) as mailbox:
        await mailer(mailbox, encryption, login=True).send(mail_to())
        with pytest.raises(MailFailed):
            await mailer(mailbox, encryption).send(mail_to())
    (delivery,) = mailbox.deliveries
    assert (delivery.was_encrypted, delivery.login) == (True, "vidwiz")


@pytest.mark.asyncio
@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
async def test_a_certificate_that_nobody_trusts_gets_no_mail(certificate: Certificate, encryption: Encryption) -> None:
    starttls, tls = (certificate, None) if encryption is Encryption.STARTTLS else (None, certificate)
    async with smtp_server(starttls=starttls, tls=tls) as mailbox:
        with pytest.raises(MailFailed, match="out of reach"):
            await mailer(mailbox, encryption).send(mail_to())
    assert mailbox.deliveries == []


@pytest.mark.asyncio
async def test_a_certificate_for_another_name_gets_no_mail(trusted: Certificate) -> None:
    async with smtp_server(tls=trusted) as mailbox:
        with pytest.raises(MailFailed, match="out of reach"):
            await mailer(mailbox, Encryption.TLS, host="127.0.0.2").send(mail_to())
    assert mailbox.deliveries == []


@pytest.mark.asyncio
async def test_without_starttls_nothing_is_sent(trusted: Certificate) -> None:
    """As when somebody in between cuts the offer out."""
    del trusted
    async with smtp_server() as mailbox:
        with pytest.raises(MailFailed, match="out of reach"):
            await mailer(mailbox, Encryption.STARTTLS, login=True).send(mail_to())
    assert mailbox.deliveries == []


@pytest.mark.asyncio
async def test_a_refusal_for_good_is_told_from_one_for_now() -> None:
    async with smtp_server() as mailbox:
        mailbox.refusals = {"ada@example.com": "550 No such user", "eve@example.com": "451 Try again later"}
        sender = mailer(mailbox, Encryption.NONE)
        with pytest.raises(MailRefused) as refused:
            await sender.send(mail_to("ada@example.com"))
        with pytest.raises(MailFailed) as failed:
            await sender.send(mail_to("eve@example.com"))
        mailbox.data_replies = ["554 Looks like spam"]
        with pytest.raises(MailFailed) as rejected:
            await sender.send(mail_to("ida@example.com"))
        for error in (refused, failed, rejected):
            assert "@" not in str(error.value)
            assert error.value.__cause__ is None
        assert mailbox.deliveries == []
        await sender.send(mail_to("ida@example.com"))
    assert len(mailbox.deliveries) == 1


@pytest.mark.asyncio
async def test_a_server_that_is_away_may_come_back() -> None:
    server = SmtpServer(host="127.0.0.1", port=free_port(), encryption=Encryption.NONE)
    with pytest.raises(MailFailed, match="out of reach"):
        await SmtpMailer(server).send(mail_to())


@pytest.mark.asyncio
async def test_an_international_address() -> None:
    async with smtp_server(takes_utf8=True) as modern, smtp_server() as old:
        for mailbox in (modern, old):
            # The domain has a spelling in ASCII, which every server knows.
            await mailer(mailbox, Encryption.NONE).send(mail_to("ada@bücher.example"))
            assert mailbox.deliveries[0].recipients == ["ada@xn--bcher-kva.example"]
        await mailer(modern, Encryption.NONE).send(mail_to("éva@example.com"))
        assert modern.deliveries[1].recipients == ["éva@example.com"]
        with pytest.raises(MailRefused):
            await mailer(old, Encryption.NONE).send(mail_to("éva@example.com"))
    assert len(old.deliveries) == 1
