"""Mail from the wish to the mailbox: tried again until it leaves, once, and no token anywhere on the way."""

import asyncio
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import String, cast, select

from db.models.metadata import Base
from db.models.tables import MailedToken, Task
from db.sessions import Sessions
from services.identity.tokens import digest
from services.settings import Settings
from tests.accounts import member, register, succeeded
from tests.client import Client
from tests.commands import Operator
from tests.conditions import until
from tests.outbox import newest_token, token_in
from tests.server import Server, serving
from tests.servers.certificates import make_certificate
from tests.servers.ports import free_port
from tests.servers.smtp import smtp_server
from tests.settings import settings_for

RESET = 'mutation { passwordResetRequest(input: {email: "ada@example.com"}) { __typename } }'


def with_smtp(settings: Settings, url: str, **changes: object) -> Settings:
    return settings_for(
        settings.database_url, settings.data_dir, smtp_url=url, mail_from="VidWiz <vidwiz@example.com>", **changes
    )


class TaskRow(NamedTuple):
    status: str
    attempt: int
    error: dict[str, object] | None


async def task(server: Server) -> TaskRow:
    """The newest."""
    newest = select(Task.status, Task.attempt, Task.error).order_by(Task.id.desc()).limit(1)
    async with server.services.database.read() as reader:
        row = await reader.row(TaskRow, newest)
    assert row is not None
    return row


@pytest.mark.asyncio
async def test_a_mail_waits_for_a_server_that_is_away_and_leaves_once(settings: Settings) -> None:
    port = free_port()
    async with serving(with_smtp(settings, f"smtp://127.0.0.1:{port}")) as server:
        succeeded(await register(server.nobody))

        async def has_failed() -> bool:
            return (await task(server)).error is not None

        await until(has_failed)
        failed = await task(server)
        assert (failed.status, failed.attempt) == ("PENDING", 1)
        assert failed.error is not None
        assert failed.error["code"] == "MAIL_FAILED"
        assert "ada" not in str(failed.error)

        async with smtp_server(port=port) as mailbox:

            async def is_done() -> bool:
                return (await task(server)).status == "SUCCEEDED"

            await until(is_done)
            (delivery,) = mailbox.deliveries
            assert delivery.recipients == ["ada@example.com"]
            verify = "mutation V($t: String!) { emailVerify(input: {token: $t}) { __typename } }"
            answer = await server.nobody.execute(verify, t=token_in(delivery.mail))
            assert member(answer)["__typename"] == "EmailVerifySuccess"


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_of_two_tries_the_last_token_is_good(settings: Settings) -> None:
    """The server took the mail and said that it had not."""
    async with smtp_server() as mailbox:
        mailbox.data_replies = ["451 Try again later"]
        async with serving(with_smtp(settings, f"smtp://127.0.0.1:{mailbox.port}")) as server:
            succeeded(await register(server.nobody))

            async def is_done() -> bool:
                return (await task(server)).status == "SUCCEEDED"

            await until(is_done)
            assert (await task(server)).attempt == 2
            (delivery,) = mailbox.deliveries
            async with server.services.database.read() as reader:
                hashes = [one for (one,) in await reader.all(select(MailedToken.token_hash))]
            assert hashes == [digest(token_in(delivery.mail))]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_a_mailbox_that_is_refused_is_not_tried_again(settings: Settings) -> None:
    async with smtp_server() as mailbox:
        mailbox.refusals = {"ada@example.com": "550 No such user"}
        async with serving(with_smtp(settings, f"smtp://127.0.0.1:{mailbox.port}")) as server:
            succeeded(await register(server.nobody))

            async def is_dead() -> bool:
                return (await task(server)).status == "DEAD"

            await until(is_dead)
            assert (await task(server)).attempt == 1
            # Whoever asks again is tried again.
            mailbox.refusals = {}
            assert member(await server.nobody.execute(RESET))["__typename"] == "PasswordResetRequestSuccess"

            async def has_come() -> bool:
                return bool(mailbox.deliveries)

            await until(has_come)


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.asyncio
async def test_by_tls_as_an_operator_sets_it_up(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    async with smtp_server(tls=certificate, login=("vidwiz", "p@ss/word")) as mailbox:
        url = f"smtps://vidwiz:p%40ss%2Fword@localhost:{mailbox.port}"
        async with serving(with_smtp(settings, url)) as server:
            succeeded(await register(server.nobody))

            async def has_come() -> bool:
                return bool(mailbox.deliveries)

            await until(has_come)
    (delivery,) = mailbox.deliveries
    assert (delivery.was_encrypted, delivery.login) == (True, "vidwiz")


@pytest.mark.asyncio
async def test_tokens_are_in_no_table_and_no_log(database_url: str, sessions: Sessions, tmp_path: Path) -> None:
    operator = Operator(folder=tmp_path, variables={"DB_URL": database_url, "LOG_LEVEL": "DEBUG"})
    settings = settings_for(database_url, tmp_path / "data")
    with operator.serving() as (url, process):
        nobody = Client(url=url)
        succeeded(await register(nobody))
        assert member(await nobody.execute(RESET))["__typename"] == "PasswordResetRequestSuccess"
        tokens = [await newest_token(settings, subject=subject) for subject in ("address", "password")]
        reset = 'mutation R($t: String!) { passwordReset(input: {token: $t, newPassword: "1234567"}) { __typename } }'
        async with sessions.read() as reader:
            rows = [
                str(row)
                for table in Base.metadata.sorted_tables
                for row in await reader.all(select(*(cast(column, String) for column in table.columns)))
            ]
        assert member(await nobody.execute(reset, t=tokens[1]))["__typename"] == "PasswordResetSuccess"
        log = process.output()
    assert any(digest(tokens[0]) in row for row in rows)
    assert log.count("mail.sent") == 2
    assert [one for one in [*rows, log] if any(token in one for token in tokens)] == []
    assert "ada@example.com" not in log


@pytest.mark.asyncio
async def test_an_account_that_is_gone_gets_no_mail(settings: Settings) -> None:
    async with serving(settings, work=False) as server:
        succeeded(await register(server.nobody))
        async with server.services.database.write() as tx:
            await tx.execute(Base.metadata.tables["users"].delete())
    async with serving(settings) as server:

        async def is_done() -> bool:
            return (await task(server)).status == "SUCCEEDED"

        await until(is_done)
    assert not await asyncio.to_thread((settings.data_dir / "outbox").exists)
