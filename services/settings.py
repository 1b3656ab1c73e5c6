"""All configuration: the only place that reads the environment and `.env`."""

import contextlib
import secrets
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, NoDecode, SettingsConfigDict

from services.rates import Rate, parse_rate
from services.setting_checks import (
    check_address,
    check_database_url,
    check_origin,
    check_origins,
    check_public_url,
    check_redis_url,
    check_sender,
    check_smtp_url,
    check_token_url,
    lower_case,
    split_list,
    upper_case,
)

SECRET_KEY_BYTES = 32
ADMIN_TOKEN_BYTES = 32
# Where npm's development servers listen.
DEVELOPMENT_ORIGINS = tuple(
    f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 4173, 5173)
)
# Beyond these a date would be too far away to be written.
MOST_HOURS = 24 * 366
MOST_DAYS = 10 * 366


# NoDecode: pydantic-settings would read what is no plain text, number or switch as JSON.
RateSetting = Annotated[Rate, NoDecode, BeforeValidator(parse_rate)]
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_list)]
Origins = Annotated[
    tuple[Annotated[str, AfterValidator(check_origin)], ...], BeforeValidator(split_list), AfterValidator(check_origins)
]
Addresses = Annotated[frozenset[Annotated[str, AfterValidator(check_address)]], NoDecode, BeforeValidator(split_list)]


ExternalTask = Annotated[Literal["METADATA", "TRANSCRIPT", "SUMMARY", "NOTE"], BeforeValidator(upper_case)]


class Settings(BaseSettings):
    """Variables carry the field's name in capitals. Where an old system had another name, both are read. Blank is unset."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,  # an error in a log must not tell a secret
    )

    environment: Literal["local", "test", "staging", "production"] = "local"
    data_dir: Path = Path("data")
    """The SQLite file, blobs, unsent mail, and secrets made on first start."""
    public_url: Annotated[str, AfterValidator(check_public_url)] | None = None
    """Where clients reach this server, for links in answers; unset, as the request came."""
    db_url: Annotated[str, AfterValidator(check_database_url)] | None = Field(
        default=None, validation_alias=AliasChoices("DB_URL", "DATABASE_URL")
    )
    """SQLite in `data_dir` when unset."""
    db_pool_size: int = Field(default=20, ge=2)
    redis_url: Annotated[str, AfterValidator(check_redis_url)] | None = None
    """When set, hints between processes travel by Redis or Valkey pub/sub."""
    secret_key: SecretStr | None = None
    """At least 32 bytes; signs tokens and links, and encrypts users' provider keys."""
    secret_key_previous: SecretStr | None = None
    """While keys change: what it signed is still accepted, and what it encrypted can be read."""
    admin_token: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("ADMIN_TOKEN", "VIDWIZ_INTERNAL_API_ADMIN_TOKEN")
    )
    """At least 32 bytes in staging and production."""
    admin_token_previous: SecretStr | None = None
    """While tokens change: accepted beside the new one."""
    jwt_expiry_hours: float = Field(default=24, gt=0, le=MOST_HOURS)
    refresh_token_days: float = Field(default=30, gt=0, le=MOST_DAYS)
    refresh_grace_seconds: float = Field(default=10, ge=0)
    """A refresh token used twice within so long is refused, and ends nothing: two tabs may have raced."""
    session_days: float = Field(default=90, gt=0, le=MOST_DAYS)
    """However often it is renewed, a session ends then."""
    client_guest_ids: bool = True
    """Whether guests may make up their session ids, as old clients do; else only those that we signed count."""
    google_client_id: str | None = None
    """Unset, nobody signs in with Google."""
    google_keys_url: str = "https://www.googleapis.com/oauth2/v3/certs"
    """Where Google publishes the keys that it signs with."""
    password_reset_minutes: float = Field(default=30, gt=0, le=24 * 60)
    password_reset_url: Annotated[str, AfterValidator(check_token_url)] | None = None
    """The page of a client that takes the token, with `{token}` in it; unset, the mail holds the token alone."""
    email_verify_hours: float = Field(default=48, gt=0, le=MOST_HOURS)
    email_verify_url: Annotated[str, AfterValidator(check_token_url)] | None = None
    """As `password_reset_url`."""
    audit_keep_days: float = Field(default=365, gt=0, le=MOST_DAYS)
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(upper_case)] = "INFO"

    graphiql_enabled: bool | None = None
    """On except in production, unless set."""
    introspection_enabled: bool | None = None
    """On except in production, unless set."""
    trusted_proxies: Addresses = frozenset()
    """Addresses whose X-Forwarded-For is believed."""
    cors_origins: Annotated[Origins | None, NoDecode] = None
    """Origins of pages that may call from a browser; unset, those of usual development servers when `explores`."""

    receive_seconds: float = Field(default=10, gt=0)
    """How long the head of a request may take to arrive, and its body again."""
    send_stall_seconds: float = Field(default=30, gt=0)
    """A client that takes nothing of what it is sent for so long is cut off."""
    execution_seconds: float = Field(default=10, gt=0)
    """A query or mutation that takes longer is given up; subscriptions are not meant."""
    largest_body_bytes: int = Field(default=256 * 1024, ge=1024)
    stream_heartbeat_seconds: float = Field(default=12, gt=0)
    """What an event stream sends when nothing happens, so that proxies keep it open."""

    query_max_characters: int = Field(default=16 * 1024, ge=1)
    query_max_tokens: int = Field(default=1_000, ge=1)
    query_max_depth: int = Field(default=12, ge=1)
    query_max_aliases: int = Field(default=30, ge=0)
    query_max_root_fields: int = Field(default=10, ge=1)
    query_max_directives: int = Field(default=50, ge=0)
    query_max_selections: int = Field(default=5_000, ge=1)
    """Fields of an operation, each fragment counted wherever it is spread."""
    query_max_nodes: int = Field(default=10_000, ge=1)
    """Objects that an operation could return at worst."""
    query_max_nodes_signed_out: int = Field(default=1_000, ge=1)
    """The same for who is not signed in."""

    smtp_url: Annotated[SecretStr, AfterValidator(check_smtp_url)] | None = None
    """Where mail goes; unset, each mail becomes a file in `data_dir`/outbox."""
    mail_from: Annotated[str, AfterValidator(check_sender)] = "VidWiz <vidwiz@localhost>"

    s3_bucket: str | None = None
    """Where blobs are kept; unset, in `data_dir`/blobs."""
    s3_endpoint_url: str | None = None
    """Unset, Amazon's."""
    aws_region: str | None = Field(default=None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"))
    aws_access_key_id: str | None = None
    """Unset, botocore looks for credentials in its usual places."""
    aws_secret_access_key: SecretStr | None = None
    upload_minutes: float = Field(default=15, gt=0, le=360)
    """How long a signed upload URL is good."""
    download_minutes: float = Field(default=60, gt=0, le=360)
    """How long a signed download URL is good."""
    unclaimed_upload_hours: float = Field(default=24, ge=0, le=MOST_HOURS)
    """How long after its URL an upload that nobody used is kept."""
    image_concurrency: int = Field(default=1, ge=1)
    """Pictures decoded at once, each in a process of its own."""

    persisted_queries_kept: int = Field(default=10_000, ge=0)
    """Documents kept for automatic persisted queries; 0 for none."""
    trusted_documents: Path | None = None
    """A JSON file of documents by their SHA-256; when set, nothing else is run."""

    socket_init_seconds: float = Field(default=5, gt=0)
    socket_ping_seconds: float = Field(default=25, gt=0)
    socket_operations: int = Field(default=20, ge=1)
    """Operations of one socket at once."""
    socket_messages: RateSetting = Rate(60, 10)
    """Messages of the client on one socket."""
    sockets_per_viewer: int = Field(default=10, ge=1)
    sockets_per_address: int = Field(default=50, ge=1)
    sockets_per_process: int = Field(default=5_000, ge=1)

    rate_limit_enabled: bool = True
    rate_limit_default: RateSetting = Rate(60, 60)
    """Calls of each mutation that has no rate of its own, by one caller; files of one user's notes."""
    rate_limit_auth: RateSetting = Rate(10, 60)
    """Sign-ins and registrations from one address."""
    rate_limit_conversations: RateSetting = Rate(20, 60)
    """Messages sent by one caller."""
    rate_limit_videos: RateSetting = Rate(30, 60)
    """Calls of each mutation that is there to add videos or to have them fetched, by one caller: videoAdd, videoRetry,
    transcriptSubmit, noteCreateByTitle and conversationCreate. Not noteCreate: most notes add no video."""
    rate_limit_persisted_queries: RateSetting = Rate(60, 60)
    """Persisted queries registered from one address."""
    wiz_user_daily_quota: int = Field(default=20, ge=0)
    wiz_guest_daily_quota: int = Field(default=5, ge=0)
    ai_notes_daily: int = Field(default=100, ge=0)
    """Notes a day that a remote model with the operator's key writes for one user; 0 for none."""

    wiz_max_tokens: int = Field(default=4096, ge=1)
    """Of an answer, with what a model thinks before it."""
    wiz_transcript_characters: int = Field(default=60_000, ge=1_000)
    """How much of a transcript a remote model is given; of a longer one, what fits the question best."""

    llm_provider: Annotated[Literal["extractive", "gemini", "openrouter"], BeforeValidator(lower_case)] = "extractive"
    """What answers whoever brought no key of their own, and writes summaries."""
    gemini_api_key: SecretStr | None = None
    gemini_model: str = "gemini-2.5-flash"
    gemini_base_url: str | None = None
    """Unset, Google's."""
    openrouter_api_key: SecretStr | None = None
    openrouter_model: str = "google/gemini-2.5-flash"
    openrouter_base_url: str = "https://openrouter.ai/api/v1"
    llm_silence_seconds: float = Field(default=60, gt=0)
    """The longest wait for a remote model's next word."""
    llm_failures: int = Field(default=5, ge=1)
    """After so many failures in a row a remote model is left alone for a while."""
    llm_pause_seconds: float = Field(default=30, gt=0)
    """How long it is left alone."""
    extractive_pace_seconds: float = Field(default=0.015, ge=0)
    """The pause between words of an embedded reply, so that a person sees it stream."""
    youtube_languages: Names = ("en", "hi")
    """Transcript languages, the most wanted first."""
    youtube_proxy_url: str | None = None
    youtube_cookies: Path | None = None
    """A cookies.txt in Netscape's format, for videos that want one to be signed in."""
    youtube_origin: str | None = None
    """Replaces https://www.youtube.com, for a gateway (or a test) that stands in for it."""
    youtube_api_key: SecretStr | None = None
    """Of the YouTube Data API, for notes by title; unset, there are none."""
    youtube_api_origin: str = "https://www.googleapis.com"
    accept_playlist_links: bool = False
    """Whether a watch link with `list=` counts as its video; else it is refused, as any playlist."""

    external_tasks: Annotated[frozenset[ExternalTask], NoDecode, BeforeValidator(split_list)] = frozenset()
    """Types of tasks that our own workers leave to those of somebody else, who claim them by `taskClaim`."""
    worker_concurrency: int = Field(default=4, ge=1)
    """Tasks at once that fetch or compute."""
    reply_concurrency: int = Field(default=32, ge=1)
    """Replies written at once; they mostly wait for the model."""
    lease_seconds: float = Field(default=60, gt=0)
    reply_lease_seconds: float = Field(default=15, gt=0)
    longest_reply_seconds: float = Field(default=300, gt=0)
    """A reply that takes longer fails."""
    event_keep_seconds: float = Field(default=600, gt=0)
    """How long a client may be away and still get all that it missed."""
    shutdown_seconds: float = Field(default=10, gt=0)
    """How long running work may take to end at shutdown."""

    @model_validator(mode="after")
    def _fail_closed(self) -> Self:
        is_deployed = self.environment in {"staging", "production"}
        if self.secret_key is None and is_deployed:
            raise ValueError("SECRET_KEY is not configured")
        for name, key in (("SECRET_KEY", self.secret_key), ("SECRET_KEY_PREVIOUS", self.secret_key_previous)):
            if key is not None and len(key.get_secret_value().encode()) < SECRET_KEY_BYTES:
                raise ValueError(f"{name} is shorter than {SECRET_KEY_BYTES} bytes")
        for name, token in (("ADMIN_TOKEN", self.admin_token), ("ADMIN_TOKEN_PREVIOUS", self.admin_token_previous)):
            # Nothing counts guesses at it, so it must be too long to be guessed where strangers can try.
            if token is not None and is_deployed and len(token.get_secret_value().strip().encode()) < ADMIN_TOKEN_BYTES:
                raise ValueError(f"{name} is shorter than {ADMIN_TOKEN_BYTES} bytes")
        return self

    @model_validator(mode="after")
    def _have_a_key_for_the_model(self) -> Self:
        keys = {"gemini": self.gemini_api_key, "openrouter": self.openrouter_api_key}
        if keys.get(self.llm_provider, True) is None:
            raise ValueError(f"{self.llm_provider.upper()}_API_KEY is not configured, and LLM_PROVIDER needs it")
        return self

    @model_validator(mode="after")
    def _keep_whole_replies(self) -> Self:
        if self.event_keep_seconds <= self.longest_reply_seconds:
            # Its text so far is in the event log alone.
            raise ValueError("EVENT_KEEP_SECONDS must be more than LONGEST_REPLY_SECONDS")
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
    def allowed_origins(self) -> tuple[str, ...]:
        """Origins of pages that may call from a browser."""
        if self.cors_origins is not None:
            return self.cors_origins
        return DEVELOPMENT_ORIGINS if self.explores else ()

    @property
    def database_url(self) -> str:
        return self.db_url or f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'vidwiz.db'}"

    @property
    def previous_signing_key(self) -> bytes | None:
        return self.secret_key_previous.get_secret_value().encode() if self.secret_key_previous else None

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
        key = path.read_bytes().strip()
        if len(key) < SECRET_KEY_BYTES:
            raise ValueError(f"{path} holds no key of {SECRET_KEY_BYTES} bytes. Remove it, and a new one is made.")
        return key


# Variables that the systems before this one read, and why setting them changes nothing here.
OLD_VARIABLES = {
    "JWT_SECRET_KEY": "access tokens are signed with SECRET_KEY.",
    "JWT_SECRET": "access tokens are signed with SECRET_KEY.",
    "APP_SECRET": "access tokens are signed with SECRET_KEY.",
    "ALGORITHM": "access tokens are always signed with HS256.",
    "JWT_ALG": "access tokens are always signed with HS256.",
    "JWT_EXPIRE_MIN": "JWT_EXPIRY_HOURS says how long an access token is good.",
    "ACCESS_TOKEN_TTL": "JWT_EXPIRY_HOURS says how long an access token is good.",
    "FLASK_ENV": "ENVIRONMENT says where this is.",
    "MONGODB_URI": "the database is SQLite or Postgres: DB_URL.",
    "S3_TRANSCRIPT_BUCKET_NAME": "transcripts are kept in the database.",
    "SQS_AI_NOTE_QUEUE_URL": "tasks are queued in the database.",
    "SIGNUP_GRANT_AMOUNT": "there are no credits.",
    "WIZ_CHAT_COST": "there are no credits.",
    "AI_NOTE_COST": "there are no credits.",
    "LOKI_URL": "logs go to standard error as JSON, for a collector to pick up.",
}


def old_variables() -> list[tuple[str, str]]:
    """Those that are set, in the environment or in `.env`, each with its explanation."""
    found = {*EnvSettingsSource(Settings).env_vars, *DotEnvSettingsSource(Settings).env_vars}
    return [(name, explanation) for name, explanation in OLD_VARIABLES.items() if name.lower() in found]


def explain(error: ValidationError) -> list[str]:
    """What is wrong with the environment: the variable and the reason, never the value."""
    sentences: list[str] = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False):
        reason = problem["msg"].removeprefix("Value error, ")
        variable = next((str(part).upper() for part in problem["loc"]), None)
        sentences.append(f"{reason}." if variable is None else f"{variable}: {reason}.")
    return sentences
