"""Settings: what the environment may say, and that a wrong word stops the start without being repeated."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from pydantic import ValidationError

from services.rates import Rate, parse_rate
from services.settings import Settings, explain
from tests.commands import PROGRAM, Operator
from tests.settings import settings_for

ALIASES = ("DATABASE_URL", "VIDWIZ_INTERNAL_API_ADMIN_TOKEN")
LONG_ENOUGH = "k" * 32
SOON_SECONDS = 15  # two are enough on an idle computer
PRINT_KEY = "from services.settings import Settings; print(Settings().signing_key().decode())"

Configure = Callable[..., Settings]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """The settings of an environment with just these variables."""
    monkeypatch.chdir(tmp_path)
    for name in (*Settings.model_fields, *ALIASES):
        monkeypatch.delenv(name.upper(), raising=False)

    def made(**variables: str) -> Settings:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            return Settings()

    return made


def complaint(configure: Configure, **variables: str) -> str:
    """What is said of an environment that cannot be used."""
    with pytest.raises(ValidationError) as refused:
        configure(**variables)
    assert "hidden" not in str(refused.value)
    return "\n".join(explain(refused.value))


def test_nothing_needs_to_be_set(configure: Configure, tmp_path: Path) -> None:
    settings = configure()
    assert settings.environment == "local"
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/data/vidwiz.db"
    assert (settings.secret_key, settings.admin_token, settings.redis_url) == (None, None, None)
    assert (settings.jwt_expiry_hours, settings.refresh_token_days) == (24, 30)
    assert (settings.rate_limit_enabled, settings.rate_limit_auth) == (True, Rate(10, 60))
    assert settings.trusted_proxies == frozenset()
    assert (settings.graphiql, settings.introspection) == (True, True)


def test_the_names_of_the_old_systems_are_read(configure: Configure) -> None:
    ours, theirs = "postgresql://ours/vidwiz", "postgresql://theirs/vidwiz"
    assert configure(DATABASE_URL=theirs).database_url == theirs
    assert configure(DB_URL=ours).database_url == ours
    assert configure(DB_URL=ours, DATABASE_URL=theirs).database_url == ours
    for name in ("ADMIN_TOKEN", "VIDWIZ_INTERNAL_API_ADMIN_TOKEN"):
        admin_token = configure(**{name: "an admin token"}).admin_token
        assert admin_token is not None
        assert admin_token.get_secret_value() == "an admin token"


def test_the_environment_goes_before_the_file(configure: Configure, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("JWT_EXPIRY_HOURS=1\nREFRESH_TOKEN_DAYS=2\nSOMETHING_ELSE=3\n", encoding="utf-8")
    settings = configure(JWT_EXPIRY_HOURS="12")
    assert (settings.jwt_expiry_hours, settings.refresh_token_days) == (12, 2)


def test_a_server_under_test_reads_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configure: Configure
) -> None:
    (tmp_path / ".env").write_text("JWT_EXPIRY_HOURS=1\n", encoding="utf-8")
    monkeypatch.setenv("ADMIN_TOKEN", "of a developer")
    assert configure().admin_token is not None
    settings = settings_for("sqlite:///x.db", tmp_path, redis_url="redis://127.0.0.1:9")
    assert (settings.admin_token, settings.jwt_expiry_hours) == (None, 24)
    assert settings.redis_url == "redis://127.0.0.1:9"


def test_a_blank_variable_is_not_set(configure: Configure) -> None:
    blank = {name.upper(): "" for name in Settings.model_fields}
    assert configure(**blank) == configure()
    assert "SECRET_KEY is not configured." in complaint(configure, ENVIRONMENT="production", SECRET_KEY="")


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("10/minute", Rate(10, 60)),
        ("10 per minute", Rate(10, 60)),
        (" 5 / hour ", Rate(5, 3600)),
        ("1/second", Rate(1, 1)),
        ("100 per day", Rate(100, 86400)),
        ("30/minutes", Rate(30, 60)),
        ("10 Per Minute", Rate(10, 60)),
        ("100 per 2 hours", Rate(100, 7200)),
        ("10/15minutes", Rate(10, 900)),
        ("0/minute", Rate(0, 60)),
    ],
)
def test_a_rate_is_written_like_this(configure: Configure, text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate
    assert configure(RATE_LIMIT_AUTH=text).rate_limit_auth == rate
    assert configure(RATE_LIMIT_CONVERSATIONS=text).rate_limit_conversations == rate


@pytest.mark.parametrize(
    "text",
    [
        "hidden",
        "ten/minute",
        "10",
        "10/",
        "/minute",
        "-1/minute",
        "1.5/minute",
        "10/month",
        "10/0 minutes",
        "10 minute",
        "\u0661/minute",
        "10/minute;100/day",
        '{"attempts": 10, "seconds": 60}',
        "9" * 5000 + "/minute",
    ],
)
def test_a_rate_is_not_written_like_this(configure: Configure, text: str) -> None:
    assert complaint(configure, RATE_LIMIT_AUTH=text) == "RATE_LIMIT_AUTH: write a rate as 10/minute."


def test_proxies_are_a_list_of_addresses(configure: Configure) -> None:
    listed = configure(TRUSTED_PROXIES="10.0.0.1, 2001:DB8::1,").trusted_proxies
    assert listed == {"10.0.0.1", "2001:db8::1"}
    for wrong in ("proxy.internal", "10.0.0.1;10.0.0.2", "10.0.0.1.5"):
        assert complaint(configure, TRUSTED_PROXIES=wrong).startswith("TRUSTED_PROXIES: ")


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("https://app.example.com", ("https://app.example.com",)),
        ("http://localhost:3000, http://[::1]:5173,", ("http://localhost:3000", "http://[::1]:5173")),
        ("capacitor://localhost", ("capacitor://localhost",)),
        ("*", ("*",)),
    ],
)
def test_origins_are_written_as_browsers_write_them(configure: Configure, text: str, origins: tuple[str, ...]) -> None:
    assert configure(CORS_ORIGINS=text).allowed_origins == origins


@pytest.mark.parametrize(
    "text",
    [
        "hidden",
        "https://hidden.example.com/",
        "https://hidden.example.com/app",
        "https://*.hidden.example.com",
        "https://ann:hidden@example.com",
        "https://Hidden.example.com",
        "https://hidden.example.com:port",
        "https://app.example.com;https://hidden.example.com",
        "*, https://hidden.example.com",
        "null",
    ],
)
def test_origins_are_not_written_like_this(configure: Configure, text: str) -> None:
    assert complaint(configure, CORS_ORIGINS=text).startswith("CORS_ORIGINS: ")


def test_origins_are_those_of_development_unless_this_is_production(configure: Configure) -> None:
    assert "http://localhost:5173" in configure().allowed_origins
    assert configure(ENVIRONMENT="production", SECRET_KEY=LONG_ENOUGH).allowed_origins == ()


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_deployment_needs_a_secret(configure: Configure, environment: str) -> None:
    assert complaint(configure, ENVIRONMENT=environment) == "SECRET_KEY is not configured."
    assert configure(ENVIRONMENT=environment, SECRET_KEY=LONG_ENOUGH).signing_key() == LONG_ENOUGH.encode()


@pytest.mark.parametrize("environment", ["local", "test", "staging", "production"])
@pytest.mark.parametrize("secret", ["hidden", "k" * 31, "é" * 15, " " * 31])
def test_a_short_secret_is_refused_everywhere(configure: Configure, environment: str, secret: str) -> None:
    said = complaint(configure, ENVIRONMENT=environment, SECRET_KEY=secret)
    assert said == "SECRET_KEY is shorter than 32 bytes."


@pytest.mark.parametrize("name", ["ADMIN_TOKEN", "ADMIN_TOKEN_PREVIOUS"])
@pytest.mark.parametrize("token", ["hidden", "t" * 31, "é" * 15, " " * 32, f"{'t' * 31} "])
def test_a_short_admin_token_is_refused_in_a_deployment(configure: Configure, name: str, token: str) -> None:
    for environment in ("staging", "production"):
        said = complaint(configure, ENVIRONMENT=environment, SECRET_KEY=LONG_ENOUGH, **{name: token})
        assert said == f"{name} is shorter than 32 bytes."
        configure(ENVIRONMENT=environment, SECRET_KEY=LONG_ENOUGH, **{name: LONG_ENOUGH})
    for environment in ("local", "test"):
        configure(ENVIRONMENT=environment, **{name: token})


@pytest.mark.parametrize("name", ["RECEIVE_SECONDS", "SEND_STALL_SECONDS", "SHUTDOWN_SECONDS"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf"])
def test_a_deadline_comes(configure: Configure, name: str, value: str) -> None:
    assert complaint(configure, **{name: value}).startswith(f"{name}: ")


@pytest.mark.parametrize("name", ["JWT_EXPIRY_HOURS", "REFRESH_TOKEN_DAYS"])
@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e300", "a day"])
def test_a_lifetime_is_a_time_that_ends(configure: Configure, name: str, value: str) -> None:
    assert complaint(configure, **{name: value}).startswith(f"{name}: ")


def test_several_mistakes_are_told_together(configure: Configure) -> None:
    said = complaint(configure, ENVIRONMENT="prod", RATE_LIMIT_AUTH="often", DB_URL="mysql://ann:hidden@db/vidwiz")
    assert [line.partition(":")[0] for line in said.splitlines()] == ["ENVIRONMENT", "DB_URL", "RATE_LIMIT_AUTH"]


def test_production_shows_less(configure: Configure) -> None:
    deployed = {"ENVIRONMENT": "production", "SECRET_KEY": LONG_ENOUGH}
    assert (configure(**deployed).graphiql, configure(**deployed).introspection) == (False, False)
    opened = configure(**deployed, GRAPHIQL_ENABLED="true", INTROSPECTION_ENABLED="1")
    assert (opened.graphiql, opened.introspection) == (True, True)


def test_settings_can_be_printed_without_telling_secrets(configure: Configure) -> None:
    settings = configure(SECRET_KEY=LONG_ENOUGH, ADMIN_TOKEN="hidden")
    assert LONG_ENOUGH not in repr(settings)
    assert "hidden" not in f"{settings!r} {settings}"


def test_a_secret_is_made_once_and_kept_to_oneself(configure: Configure, tmp_path: Path) -> None:
    key = configure().signing_key()
    assert len(bytes.fromhex(key.decode())) == 32
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]
    assert (tmp_path / "data" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700

    assert configure().signing_key() == key
    assert configure(DATA_DIR=str(tmp_path / "elsewhere")).signing_key() != key
    assert configure(SECRET_KEY=LONG_ENOUGH).signing_key() == LONG_ENOUGH.encode()
    # An editor may have left a new line.
    (tmp_path / "data" / "secret_key").write_bytes(key + b"\n")
    assert configure().signing_key() == key


@pytest.mark.parametrize("content", [b"", b"\n", b"short", b" " * 64])
def test_a_kept_secret_that_is_too_short_is_refused(configure: Configure, tmp_path: Path, content: bytes) -> None:
    settings = configure()
    settings.make_data_dir()
    (tmp_path / "data" / "secret_key").write_bytes(content)
    with pytest.raises(ValueError, match="secret_key holds no key of 32 bytes"):
        settings.signing_key()


def test_threads_that_start_together_agree_on_the_secret(configure: Configure, tmp_path: Path) -> None:
    settings, crowd = configure(), 16
    for _ in range(20):
        barrier = Barrier(crowd)

        def start(barrier: Barrier = barrier) -> bytes:
            barrier.wait()
            return settings.signing_key()

        with ThreadPoolExecutor(crowd) as pool:
            keys = {future.result() for future in [pool.submit(start) for _ in range(crowd)]}
        assert len(keys) == 1
        assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret_key"]
        (tmp_path / "data" / "secret_key").unlink()


def test_processes_that_start_together_agree_on_the_secret(tmp_path: Path) -> None:
    environment = Operator(folder=tmp_path).environment
    started = [
        subprocess.Popen([sys.executable, "-c", PRINT_KEY], cwd=tmp_path, env=environment, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    keys = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0] * 4
    assert keys == {(tmp_path / "data" / "secret_key").read_bytes() + b"\n"}


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"ENVIRONMENT": "production"}, "SECRET_KEY is not configured."),
        ({"ENVIRONMENT": "staging", "SECRET_KEY": "hidden"}, "SECRET_KEY is shorter than 32 bytes."),
        (
            {"ENVIRONMENT": "production", "SECRET_KEY": LONG_ENOUGH, "ADMIN_TOKEN": "hidden"},
            "ADMIN_TOKEN is shorter than 32 bytes.",
        ),
    ],
)
def test_the_server_does_not_start_and_says_why(tmp_path: Path, variables: dict[str, str], reason: str) -> None:
    began = time.monotonic()
    ended = run([PROGRAM, "serve"], tmp_path, variables)
    assert time.monotonic() - began < SOON_SECONDS
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"The configuration cannot be used:\n  {reason}\n"
    assert not (tmp_path / "data").exists()


def test_another_program_that_starts_the_application_repeats_no_secret(tmp_path: Path) -> None:
    start = "from schema.server import create_app; create_app()"
    ended = run([sys.executable, "-c", start], tmp_path, {"SECRET_KEY": "hidden", "ADMIN_TOKEN": "concealed"})
    assert ended.returncode != 0
    assert "SECRET_KEY is shorter than 32 bytes" in ended.stderr
    assert "hidden" not in ended.stderr
    assert "concealed" not in ended.stderr


def run(command: Sequence[str | Path], folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """To its end, in an environment of just these variables."""
    environment = Operator(folder=folder, variables=variables).environment
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
