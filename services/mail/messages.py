"""What is written to users. Nothing that somebody else could have typed is in it, so that we carry no stranger's words.

A name would be such: whoever registers another's address chooses it.
"""

from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime, make_msgid
from enum import StrEnum
from urllib.parse import quote

from email_validator import validate_email

from services.mail.mailer import MailRefused
from services.settings import Settings

LONGEST_LINE = 900  # RFC 5321 ends one at 998 bytes


class Purpose(StrEnum):
    """What a mailed token is good for."""

    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105  the name of a purpose
    EMAIL_VERIFICATION = "EMAIL_VERIFICATION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    subject: str
    reason: str
    action: str
    field: str
    """What takes the token of a client without a page for it."""
    otherwise: str


WORDINGS = {
    Purpose.PASSWORD_RESET: Wording(
        subject="A new password for VidWiz",
        reason="somebody, hopefully you, asked to set a new password for your VidWiz account.",
        action="To choose one",
        field="passwordReset",
        otherwise="If it was not you, ignore this mail: your password stays as it is.",
    ),
    Purpose.EMAIL_VERIFICATION: Wording(
        subject="Is this your e-mail address?",
        reason="this address was given for a VidWiz account.",
        action="To say that it is yours",
        field="emailVerify",
        otherwise="If you know nothing of this, ignore this mail, and the address stays unproved.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """How the mails of one purpose are written."""

    sender: str
    purpose: Purpose
    lifetime: timedelta
    page_url: str | None = None
    """The page of a client, with `{token}` in it."""

    def write(self, email: str, token: str) -> EmailMessage:
        """Raises MailRefused for an address that cannot be written to."""
        mail = EmailMessage(policy=SMTP)
        wording = WORDINGS[self.purpose]
        try:
            mail["From"] = self.sender
            local_part, _, domain = deliverable(email).rpartition("@")
            mail["To"] = Address(username=local_part, domain=domain)
        except ValueError:
            raise MailRefused("The mail cannot be addressed.") from None
        mail["Subject"] = wording.subject
        mail["Date"] = format_datetime(localtime())
        mail["Message-ID"] = make_msgid(domain=mail["From"].addresses[0].domain)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday reply, please
        text = self._text(wording, token)
        is_plain = text.isascii() and max(map(len, text.splitlines())) <= LONGEST_LINE
        mail.set_content(text, cte="7bit" if is_plain else "quoted-printable")
        return mail

    def _text(self, wording: Wording, token: str) -> str:
        if self.page_url is None:
            how, what = f"{wording.action}, use this token (with the mutation {wording.field}):", token
        else:
            how, what = f"{wording.action}, open this page:", self.page_url.replace("{token}", quote(token, safe=""))
        return (
            f"Hello,\n\n{wording.reason}\n\n{how}\n\n{what}\n\n"
            f"It is good for {spoken(self.lifetime)}, and once. {wording.otherwise}\n"
        )


def deliverable(email: str) -> str:
    """The address with its domain as DNS spells it, which every mail server understands. Raises ValueError."""
    parsed = validate_email(email, check_deliverability=False)
    return parsed.ascii_email or parsed.normalized


def spoken(lifetime: timedelta) -> str:
    minutes = max(1, round(lifetime.total_seconds() / 60))
    count, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def letters_of(settings: Settings) -> dict[Purpose, Letter]:
    reset, verification = Purpose.PASSWORD_RESET, Purpose.EMAIL_VERIFICATION
    return {
        reset: Letter(
            sender=settings.mail_from,
            purpose=reset,
            lifetime=timedelta(minutes=settings.password_reset_minutes),
            page_url=settings.password_reset_url,
        ),
        verification: Letter(
            sender=settings.mail_from,
            purpose=verification,
            lifetime=timedelta(hours=settings.email_verify_hours),
            page_url=settings.email_verify_url,
        ),
    }
