"""The folder that mail is kept in where there is no mail server."""

import asyncio
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from services.mail.mailer import MailFailed
from services.mail.messages import Letter, Purpose
from services.mail.outbox import OutboxMailer

LETTER = Letter(sender="vidwiz@localhost", purpose=Purpose.EMAIL_VERIFICATION, lifetime=timedelta(hours=1))


@pytest.mark.asyncio
async def test_each_mail_is_a_file_for_us_alone_and_the_newest_is_the_last(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "outbox"
    mailer = OutboxMailer(folder)
    for number in range(5):
        await mailer.send(LETTER.write("ada@example.com", f"token {number}"))
    files = sorted(folder.iterdir())
    assert [file.suffix for file in files] == [".eml"] * 5
    for number, file in enumerate(files):
        assert f"token {number}" in file.read_text()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.asyncio
async def test_many_at_once_are_as_many_files(tmp_path: Path) -> None:
    mailer = OutboxMailer(tmp_path / "outbox")
    mails = [LETTER.write("ada@example.com", f"<{number}>") for number in range(50)]
    await asyncio.gather(*(mailer.send(mail) for mail in mails))
    texts = [file.read_text() for file in (tmp_path / "outbox").glob("*.eml")]
    assert len(texts) == 50
    assert all(sum(f"<{number}>" in text for text in texts) == 1 for number in range(50))


@pytest.mark.asyncio
async def test_a_folder_that_cannot_be_made_may_be_made_later(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file in the way")
    with pytest.raises(MailFailed, match="outbox cannot be written"):
        await OutboxMailer(tmp_path / "outbox").send(LETTER.write("ada@example.com", "token"))
