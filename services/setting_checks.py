"""What a variable of the environment may say, checked when the settings are read."""

import re
from email.utils import parseaddr
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy.exc import ArgumentError

from db.engine import normalise_url

ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


def split_list(value: object) -> object:
    """`en, de` as its parts."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def check_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("name single addresses, as in 10.0.0.1,10.0.0.2") from None


def check_database_url(text: str) -> str:
    try:
        url = normalise_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("must begin with sqlite:/// or postgresql://") from None
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        # Each connection would have a database of its own.
        raise ValueError("an SQLite database must be a file")
    return text


def check_redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return text


def check_origin(text: str) -> str:
    # Browsers write them so, and in no other way; another would be compared in vain.
    if text != "*" and ORIGIN.fullmatch(text) is None:
        raise ValueError("write origins as https://app.example.com, without a path or a slash at the end")
    return text


def check_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in origins and len(origins) > 1:
        raise ValueError("* is every origin, and stands alone")
    return origins


def check_public_url(text: str) -> str:
    text = text.rstrip("/")
    if not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text


def check_token_url(text: str) -> str:
    if not text.startswith(("http://", "https://")) or "{token}" not in text:
        raise ValueError("write it as https://app.example.com/#reset={token}")
    return text


def check_smtp_url(url: SecretStr) -> SecretStr:
    parts = urlsplit(url.get_secret_value())
    try:
        is_right = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # what stands for the port is none
        is_right = False
    if not is_right:
        raise ValueError("write it as smtp://user:password@host:587 or smtps://user:password@host:465")
    return url


def check_sender(text: str) -> str:
    name, address = parseaddr(text)
    if not text.isprintable() or not name.isprintable() or re.fullmatch(r"[^\s@]+@[^\s@]+", address) is None:
        raise ValueError("write it as VidWiz <vidwiz@example.com>")
    return text


def upper_case(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def lower_case(value: object) -> object:
    return value.lower() if isinstance(value, str) else value
