"""What mails look like, and that nobody but us writes in them."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import SMTP, default

import pytest

from services.mail.mailer import MailRefused
from services.mail.messages import Letter, Purpose, spoken
from services.settings import Settings
from tests.settings import settings_for

TOKEN = "t0ken-_" * 6


def letter(*, sender: str = "VidWiz <vidwiz@example.com>", page_url: str | None = None) -> Letter:
    lifetime = timedelta(minutes=30)
    return Letter(sender=sender, purpose=Purpose.PASSWORD_RESET, lifetime=lifetime, page_url=page_url)


def test_a_mail_has_what_mails_must_have() -> None:
    written, again = letter().write("ada@example.com", TOKEN), letter().write("ada@example.com", TOKEN)
    mail = message_from_bytes(written.as_bytes(), policy=default)
    assert (mail["From"], mail["To"]) == ("VidWiz <vidwiz@example.com>", "ada@example.com")
    assert abs(datetime.now(UTC) - mail["Date"].datetime) < timedelta(minutes=1)
    assert mail["Message-ID"].endswith("@example.com>")
    assert mail["Message-ID"] != again["Message-ID"]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert max(map(len, written.as_bytes().splitlines())) < 998


@pytest.mark.parametrize(
    "email",
    [
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\nSubject: bait",
        "ada@example.com\n",
        "ada\r@example.com",
        "ada@example.com, eve@example.com",
        "Ada <ada@example.com>",
        "",
        "ada",
        "ada@",
    ],
)
def test_an_address_that_would_be_more_is_none(email: str) -> None:
    with pytest.raises(MailRefused):
        letter().write(email, TOKEN)


def test_a_sender_with_a_line_of_its_own_is_refused() -> None:
    with pytest.raises(MailRefused):
        letter(sender="VidWiz <vidwiz@example.com>\r\nBcc: eve@example.com").write("ada@example.com", TOKEN)


def test_the_link_takes_the_token_quoted_and_whole() -> None:
    page = "https://app.example.com/reset?" + "padding=1&" * 60 + "token={token}#{token}"
    text = letter(page_url=page).write("ada@example.com", "a/b c&d").get_content()
    assert page.replace("{token}", "a%2Fb%20c%26d") in text
    international = letter(page_url="https://bücher.example/#{token}").write("ada@example.com", TOKEN)
    received = message_from_bytes(international.as_bytes(policy=SMTP), policy=default)
    assert f"https://bücher.example/#{TOKEN}" in received.get_content()


def test_spans_of_time_are_spoken() -> None:
    for minutes, said in (
        (0.2, "1 minute"),
        (30, "30 minutes"),
        (60, "1 hour"),
        (90, "90 minutes"),
        (2880, "48 hours"),
    ):
        assert spoken(timedelta(minutes=minutes)) == said


@pytest.mark.parametrize("url", ["smtp://", "https://mail.example.com", "smtp://mail.example.com:x", "smtps://h:99999"])
def test_a_url_of_no_mail_server_stops_the_start(url: str) -> None:
    with pytest.raises(ValueError, match="write it as smtp://user:password@host:587"):
        settings_for("sqlite:///x.db", Settings.model_fields["data_dir"].default, smtp_url=url)


@pytest.mark.parametrize("sender", ["", "VidWiz", "a@b\r\nBcc: c@d", "VidWiz <>", "x <a@b>\n"])
def test_a_sender_that_is_none_stops_the_start(sender: str) -> None:
    with pytest.raises(ValueError, match="write it as VidWiz"):
        settings_for("sqlite:///x.db", Settings.model_fields["data_dir"].default, mail_from=sender)
