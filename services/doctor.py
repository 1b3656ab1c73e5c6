"""Looks at a configuration as an operator would, and says in plain sentences what is wrong."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from db import migrate
from db.full_text import can_search
from services.events.outages import describe
from services.settings import Settings, old_variables
from services.storage.opening import open_storage
from services.storage.storage import StorageUnavailable
from services.trusted_documents import UnusableDocuments, read_trusted_documents
from services.youtube.cookies import CookiesUnreadable, read_cookies

MADE = "SECRET_KEY is made and kept in DATA_DIR."
REMEDY = "Set SECRET_KEY, or remove the file and a new one is made."
NO_FTS5 = "This Python's SQLite was built without FTS5, which search needs. Use another build of Python, or Postgres."
NOT_MIGRATED = "The database is not at the newest revision. Run: vidwiz migrate"


class Unreachable(Exception):
    """Something that the configuration names is not there; the text says what to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    is_fine: bool
    text: str


async def examine(settings: Settings) -> AsyncGenerator[Finding]:
    yield Finding(is_fine=True, text=f"Environment: {settings.environment}.")
    yield _secret(settings)
    yield await _database(settings)
    for finding in full_text(settings, can_search=can_search()):
        yield finding
    if settings.redis_url is not None:
        yield await _redis(settings.redis_url)
    yield await _storage(settings)
    if settings.trusted_documents is not None:
        yield _trusted_documents(settings.trusted_documents)
    if settings.youtube_cookies is not None:
        yield _cookies(settings.youtube_cookies)
    for finding in (*_google(settings), *_production(settings)):
        yield finding
    yield Finding(is_fine=True, text=_model(settings))
    for name, explanation in old_variables():
        yield Finding(is_fine=False, text=f"{name} is set, but {explanation}")


def require_signing_key(settings: Settings) -> None:
    """Raises Unreachable when the key that is kept in the data folder cannot be made or used."""
    try:
        settings.signing_key()
    except (OSError, ValueError) as error:
        raise Unreachable(
            f"The file secret_key in DATA_DIR cannot be used ({type(error).__name__}). {REMEDY}"
        ) from error


def require_trusted_documents(settings: Settings) -> None:
    """Raises Unreachable when the file that TRUSTED_DOCUMENTS names cannot be used."""
    try:
        if settings.trusted_documents is not None:
            read_trusted_documents(settings.trusted_documents)
    except UnusableDocuments as error:
        raise Unreachable(str(error)) from error


def _secret(settings: Settings) -> Finding:
    try:
        require_signing_key(settings)
    except Unreachable as unreachable:
        return Finding(is_fine=False, text=str(unreachable))
    return Finding(is_fine=True, text="SECRET_KEY is set." if settings.secret_key else MADE)


async def is_migrated(settings: Settings) -> bool:
    """Whether the database is at the newest revision. Raises Unreachable."""
    try:
        settings.make_data_dir()
    except OSError as error:
        raise Unreachable(f"The data folder cannot be made ({error.strerror}). Look at DATA_DIR.") from error
    try:
        return await migrate.current(settings.database_url) == migrate.head()
    except (SQLAlchemyError, OSError) as error:
        raise Unreachable(f"The database does not answer ({describe(error)}). Look at DB_URL.") from error


async def _database(settings: Settings) -> Finding:
    try:
        if not await is_migrated(settings):
            return Finding(is_fine=False, text=NOT_MIGRATED)
    except Unreachable as unreachable:
        return Finding(is_fine=False, text=str(unreachable))
    return Finding(is_fine=True, text="The database answers and is at the newest revision.")


def full_text(settings: Settings, *, can_search: bool) -> Iterator[Finding]:
    """What to say of an SQLite; nothing of Postgres, which always can."""
    if settings.database_url.startswith("sqlite") and not can_search:
        yield Finding(is_fine=False, text=NO_FTS5)


async def _redis(url: str) -> Finding:
    client: Redis = Redis.from_url(url)  # pyright: ignore[reportUnknownMemberType]  its options are untyped
    try:
        await client.ping()  # pyright: ignore[reportUnknownMemberType]  as above
    except (RedisError, OSError) as error:
        return Finding(is_fine=False, text=f"Redis does not answer ({describe(error)}). Look at REDIS_URL.")
    finally:
        await client.aclose()
    return Finding(is_fine=True, text="Redis answers.")


async def _storage(settings: Settings) -> Finding:
    try:
        async with open_storage(settings) as storage:
            await storage.check()
    except StorageUnavailable as error:
        if settings.s3_bucket is None:
            return Finding(is_fine=False, text=f"The folder blobs in DATA_DIR cannot be written ({error}).")
        return Finding(is_fine=False, text=f"S3 does not answer as it should ({error}). Look at S3_BUCKET and AWS_….")
    return Finding(is_fine=True, text="Blobs can be kept." if settings.s3_bucket is None else "S3 answers.")


def _google(settings: Settings) -> Iterator[Finding]:
    """Its form is not promised, so that an odd one is remarked upon, and no more."""
    if settings.google_client_id is None:
        return
    is_odd = not settings.google_client_id.endswith(".apps.googleusercontent.com")
    odd = " GOOGLE_CLIENT_ID does not end as Google's do, in .apps.googleusercontent.com." if is_odd else ""
    yield Finding(is_fine=True, text=f"People can sign in with Google.{odd}")


def _production(settings: Settings) -> Iterator[Finding]:
    if settings.environment != "production":
        return
    if settings.public_url is None:
        yield Finding(
            is_fine=True, text="PUBLIC_URL is not set: links begin as the request came. Set it behind a proxy."
        )
    if settings.smtp_url is None:
        text = "SMTP_URL is not set: mail becomes files in DATA_DIR, and nobody can reset a password."
        yield Finding(is_fine=False, text=text)


def _cookies(path: Path) -> Finding:
    try:
        cookies = list(read_cookies(path))
    except CookiesUnreadable as error:
        return Finding(is_fine=False, text=str(error))
    return Finding(is_fine=True, text=f"YouTube is asked with the cookies of YOUTUBE_COOKIES ({len(cookies)}).")


def _model(settings: Settings) -> str:
    """Which answers whoever brought no key. It is not asked: that would cost, and its key is not ours to try out."""
    if settings.llm_provider == "extractive":
        return "Model: extractive."
    model = {"gemini": settings.gemini_model, "openrouter": settings.openrouter_model}[settings.llm_provider]
    return f"Model: {settings.llm_provider}/{model}, with the key of {settings.llm_provider.upper()}_API_KEY."


def _trusted_documents(path: Path) -> Finding:
    try:
        documents = read_trusted_documents(path)
    except UnusableDocuments as error:
        return Finding(is_fine=False, text=str(error))
    return Finding(is_fine=True, text=f"Nothing is run but the documents of TRUSTED_DOCUMENTS ({len(documents)}).")
