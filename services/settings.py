"""All configuration: the only place that reads the environment and `.env`."""

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRET_KEY_BYTES = 32
WINDOWS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many attempts in a window."""

    attempts: int
    seconds: int


def parse_rate(value: object) -> object:
    """`10/minute` or `10 per minute` as a Rate."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d+)\s*(?:/|per)\s*(second|minute|hour|day)s?\s*", value)
    if match is None:
        raise ValueError("write a rate as 10/minute")
    return Rate(int(match[1]), WINDOWS[match[2]])


RateSetting = Annotated[Rate, BeforeValidator(parse_rate)]


class Settings(BaseSettings):
    """Variables carry the field's name in capitals. Where an old system had another name, both are read."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, populate_by_name=True)

    environment: Literal["local", "test", "staging", "production"] = "local"
    data_dir: Path = Path("data")
    """The SQLite file, and secrets made on first start."""
    db_url: str | None = Field(default=None, validation_alias=AliasChoices("DB_URL", "DATABASE_URL"))
    """SQLite in `data_dir` when unset."""
    db_pool_size: int = Field(default=20, ge=2)
    redis_url: str | None = None
    """When set, hints between processes travel by Redis or Valkey pub/sub."""
    secret_key: SecretStr | None = None
    """At least 32 bytes; signs access tokens."""
    admin_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("ADMIN_TOKEN", "VIDWIZ_INTERNAL_API_ADMIN_TOKEN")
    )
    jwt_expiry_hours: float = Field(default=24, gt=0)
    refresh_token_days: float = Field(default=30, gt=0)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    graphiql_enabled: bool | None = None
    """On except in production, unless set."""
    introspection_enabled: bool | None = None
    """On except in production, unless set."""
    trusted_proxies: frozenset[str] = frozenset()
    """Addresses whose X-Forwarded-For is believed."""

    rate_limit_enabled: bool = True
    rate_limit_auth: RateSetting = Rate(10, 60)
    """Sign-ins and registrations from one address."""
    rate_limit_conversations: RateSetting = Rate(20, 60)
    """Messages sent by one caller."""
    wiz_user_daily_quota: int = Field(default=20, ge=0)
    wiz_guest_daily_quota: int = Field(default=5, ge=0)

    llm_provider: Literal["extractive"] = "extractive"
    extractive_pace_seconds: float = Field(default=0.015, ge=0)
    """The pause between words of an embedded reply, so that a person sees it stream."""
    youtube_languages: tuple[str, ...] = ("en", "hi")
    """Transcript languages, the most wanted first."""
    youtube_proxy_url: str | None = None
    youtube_origin: str | None = None
    """Replaces https://www.youtube.com, for a gateway (or a test) that stands in for it."""

    worker_concurrency: int = Field(default=4, ge=1)
    """Tasks at once in each lane."""
    lease_seconds: float = Field(default=60, gt=0)
    reply_lease_seconds: float = Field(default=15, gt=0)
    event_keep_seconds: float = Field(default=600, gt=0)
    shutdown_seconds: float = Field(default=10, gt=0)
    """How long running work may take to end at shutdown."""

    @model_validator(mode="after")
    def _fail_closed(self) -> Self:
        if self.secret_key is None:
            if self.environment in {"staging", "production"}:
                raise ValueError("SECRET_KEY is not configured")
        elif len(self.secret_key.get_secret_value().encode()) < SECRET_KEY_BYTES:
            raise ValueError(f"SECRET_KEY is shorter than {SECRET_KEY_BYTES} bytes")
        return self

    @property
    def explores(self) -> bool:
        """Whether this is a place where people look around freely."""
        return self.environment != "production"

    @property
    def graphiql(self) -> bool:
        return self.explores if self.graphiql_enabled is None else self.graphiql_enabled

    @property
    def introspection(self) -> bool:
        return self.explores if self.introspection_enabled is None else self.introspection_enabled

    @property
    def database_url(self) -> str:
        return self.db_url or f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'vidwiz.db'}"

    def make_data_dir(self) -> None:
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)

    def signing_key(self) -> bytes:
        """SECRET_KEY, or on a developer's computer a random one that is made once and kept in `data_dir`."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        self.make_data_dir()
        path = self.data_dir / "secret_key"
        if not path.exists():
            made = self.data_dir / f"secret_key.{secrets.token_hex(8)}"
            made.touch(mode=0o600)
            made.write_text(secrets.token_hex(SECRET_KEY_BYTES))
            # Linking is all or nothing: of two processes that start together one wins, and both read its key.
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(made)
            made.unlink()
        return path.read_bytes().strip()


# Variables that the systems before this one read, and why setting them changes nothing here.
OLD_VARIABLES = {
    "ALGORITHM": "access tokens are always signed with HS256.",
    "S3_TRANSCRIPT_BUCKET_NAME": "transcripts are kept in the database.",
    "SQS_AI_NOTE_QUEUE_URL": "tasks are queued in the database.",
    "SIGNUP_GRANT_AMOUNT": "there are no credits.",
    "WIZ_CHAT_COST": "there are no credits.",
    "AI_NOTE_COST": "there are no credits.",
    "LOKI_URL": "logs go to standard error as JSON, for a collector to pick up.",
}


def old_variables() -> list[tuple[str, str]]:
    """Those that are set, each with its explanation."""
    return [(name, explanation) for name, explanation in OLD_VARIABLES.items() if name in os.environ]  # noqa: TID251  the one place


def explain(error: ValidationError) -> list[str]:
    """What is wrong with the environment: the variable and the reason, never the value."""
    return [
        f"{'.'.join(str(part) for part in problem['loc']).upper() or 'Settings'}: {problem['msg']}."
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]
