"""The command line as an operator meets it: what it says, and how it ends."""

import asyncio
import json
import signal
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import websockets
from websockets.frames import CloseCode

import vidwiz
from services.identity.tokens import digest
from services.rates import Rate
from services.settings import Settings
from tests.client import Client
from tests.commands import Operator, known_variables
from tests.servers.processes import ServerProcess

ROOT = Path(__file__).resolve().parents[1]
SUBCOMMANDS = {
    "serve": ("--host", "--port", "--workers", "--no-worker", "--reload"),
    "worker": ("--concurrency",),
    "migrate": (),
    "seed": (),
    "schema": (),
    "doctor": (),
}
UNMIGRATED = "The database is not at the newest revision. Run: vidwiz migrate"
SQLITE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
ENDED_BY_US = {0, -signal.SIGTERM}
SOON_SECONDS = 9  # two are enough on an idle computer; after ten they would be killed
READINESS = 'subscription { videoReadiness(videoId: "%s", timeoutSeconds: 300) { __typename } }'


@dataclass(frozen=True, slots=True)
class Outcome:
    status: int
    output: str
    errors: str

    @property
    def text(self) -> str:
        return self.output + self.errors


class Shell:
    """Runs commands in this process, since starting one takes longer than most of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def export(self, **variables: str) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def run(self, *arguments: str) -> Outcome:
        try:
            status = vidwiz.main(arguments)
        except SystemExit as ended:  # how argparse answers --help and mistakes
            status = int(ended.code or 0)
        captured = self._capsys.readouterr()
        return Outcome(status, captured.out, captured.err)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """In an empty folder, with nothing set but where the data goes: tmp_path / "data"."""
    for variable in known_variables():
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    return Shell(monkeypatch, capsys)


@pytest.fixture
def operator(database_url: str, tmp_path: Path) -> Operator:
    return Operator(folder=tmp_path, variables={"DB_URL": database_url})


def test_the_help_names_every_command(shell: Shell) -> None:
    outcome = shell.run("--help")
    assert outcome.status == 0
    assert [name for name in SUBCOMMANDS if f"\n    {name} " not in outcome.output] == []
    assert "doctor" in outcome.output.partition("Configuration")[2]


@pytest.mark.parametrize(("command", "options"), SUBCOMMANDS.items())
def test_the_help_of_a_command_names_its_options(command: str, options: Sequence[str], shell: Shell) -> None:
    outcome = shell.run(command, "--help")
    assert outcome.status == 0
    lines = [line.split() for line in outcome.output.splitlines() if line.startswith("  -")]
    assert {line[0] for line in lines} == {"-h,", *options}
    assert all(line[1:] for line in lines), "an option without a word of help"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "required"),
        (["fly"], "invalid choice"),
        (["serve", "--port", "70000"], "between 1 and 65535"),
        (["serve", "--port", "http"], "invalid port value"),
        (["serve", "--workers", "0"], "at least 1"),
        (["worker", "--concurrency", "-3"], "at least 1"),
    ],
)
def test_wrong_arguments_are_explained(arguments: Sequence[str], reason: str, shell: Shell) -> None:
    outcome = shell.run(*arguments)
    assert outcome.status == 2
    assert outcome.errors.startswith("usage: vidwiz")
    assert reason in outcome.errors


def test_schema_prints_the_committed_schema(shell: Shell) -> None:
    outcome = shell.run("schema")
    assert outcome.status == 0
    assert outcome.output == (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")


def test_a_first_start_goes_through_migrate_seed_and_doctor(shell: Shell) -> None:
    for command in ("serve", "worker", "seed"):
        assert shell.run(command) == Outcome(1, "", f"{UNMIGRATED}\n")
    before = shell.run("doctor")
    assert before.status == 1
    assert f"PROBLEM {UNMIGRATED}" in before.output

    assert shell.run("migrate").status == 0
    assert shell.run("seed").output == "Sample lectures: 3 written, 0 unchanged.\n"
    assert shell.run("seed").output == "Sample lectures: 0 written, 3 unchanged.\n"

    after = shell.run("doctor")
    assert after.status == 0
    assert {line.split()[0] for line in after.output.splitlines()} == {"ok"}


@pytest.mark.parametrize("provider", ["gemini", "openrouter"])
def test_a_model_without_its_key_starts_nothing(provider: str, shell: Shell) -> None:
    variable = f"{provider.upper()}_API_KEY"
    assert shell.run("migrate").status == 0
    shell.export(LLM_PROVIDER=provider)
    for command in ("serve", "worker", "doctor"):
        outcome = shell.run(command)
        assert outcome.status == 2
        assert f"{variable} is not configured, and LLM_PROVIDER needs it." in outcome.text
    shell.export(**{variable: "hidden", f"{provider.upper()}_MODEL": "some-model"})
    told = shell.run("doctor")
    assert told.status == 0
    assert f"ok      Model: {provider}/some-model, with the key of {variable}.\n" in told.output
    assert "hidden" not in told.text


def test_doctor_names_variables_of_the_old_systems(shell: Shell) -> None:
    shell.export(JWT_SECRET_KEY="hidden")
    Path(".env").write_text("SIGNUP_GRANT_AMOUNT=100\n", encoding="utf-8")
    outcome = shell.run("doctor")
    assert outcome.status == 1
    assert "PROBLEM JWT_SECRET_KEY is set, but access tokens are signed with SECRET_KEY." in outcome.output
    assert "PROBLEM SIGNUP_GRANT_AMOUNT is set, but there are no credits." in outcome.output
    assert "hidden" not in outcome.text


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DB_URL", "postgresql://ann:hidden@127.0.0.1:9/vidwiz"),
        ("REDIS_URL", "redis://ann:hidden@127.0.0.1:9"),
        ("DATA_DIR", "/dev/null/data"),
    ],
)
def test_what_is_not_there_is_told_by_the_doctor(variable: str, value: str, shell: Shell) -> None:
    shell.export(**{variable: value})
    outcome = shell.run("doctor")
    assert outcome.status == 1
    assert f"Look at {variable}." in outcome.output
    assert "hidden" not in outcome.text


def test_the_doctor_looks_at_what_production_needs(shell: Shell) -> None:
    assert shell.run("migrate").status == 0
    shell.export(GOOGLE_CLIENT_ID="123.apps.googleusercontent.com")
    told = shell.run("doctor")
    assert told.status == 0
    assert "ok      People can sign in with Google.\n" in told.output
    assert "SMTP_URL" not in told.output

    shell.export(ENVIRONMENT="production", SECRET_KEY="x" * 32, GOOGLE_CLIENT_ID="a slip")
    told = shell.run("doctor")
    assert told.status == 1
    assert "ok      People can sign in with Google. GOOGLE_CLIENT_ID does not end as Google's do" in told.output
    assert "ok      PUBLIC_URL is not set" in told.output
    assert "PROBLEM SMTP_URL is not set" in told.output

    shell.export(PUBLIC_URL="https://api.example.com", SMTP_URL="smtp://mail.example.com:587")
    told = shell.run("doctor")
    assert told.status == 0
    assert "PUBLIC_URL" not in told.output
    assert "SMTP_URL" not in told.output


def test_trusted_documents_that_cannot_be_used_keep_the_server_from_starting(shell: Shell) -> None:
    assert shell.run("migrate").status == 0
    text = "{ hidden }"
    file = Path("documents.json")
    shell.export(TRUSTED_DOCUMENTS=str(file))
    for name, reason in (
        (None, "TRUSTED_DOCUMENTS cannot be read (No such file or directory)."),
        ("0" * 64, f"TRUSTED_DOCUMENTS holds a document under a name that is not its SHA-256 ({'0' * 64})."),
    ):
        if name is not None:
            file.write_text(json.dumps({name: text}), encoding="utf-8")
        assert shell.run("serve") == Outcome(1, "", f"{reason}\n")
        told = shell.run("doctor")
        assert told.status == 1
        assert f"PROBLEM {reason}" in told.output
        assert "hidden" not in told.text

    file.write_text(json.dumps({digest(text): text}), encoding="utf-8")
    told = shell.run("doctor")
    assert told.status == 0
    assert "ok      Nothing is run but the documents of TRUSTED_DOCUMENTS (1)." in told.output


@pytest.mark.parametrize("command", ["serve", "worker", "migrate", "seed"])
def test_a_database_that_is_not_there_is_told_without_a_traceback(command: str, shell: Shell) -> None:
    shell.export(DB_URL="postgresql://ann:hidden@127.0.0.1:9/vidwiz")
    outcome = shell.run(command)
    assert outcome.status == 1
    assert outcome.errors.startswith("The database does not answer (ConnectionRefusedError")
    assert outcome.errors.endswith("Look at DB_URL.\n")
    assert "hidden" not in outcome.text


def test_a_database_of_a_newer_version_is_left_alone(shell: Shell) -> None:
    assert shell.run("migrate").status == 0
    with closing(sqlite3.connect("data/vidwiz.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'tomorrow'")
    outcome = shell.run("migrate")
    assert outcome.status == 1
    assert outcome.errors == "The database is at a revision of a newer version. Install that one.\n"


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("DB_POOL_SIZE", "hidden", "valid integer"),
        ("DB_URL", "mysql://ann:hidden@example.org/vidwiz", "must begin with sqlite:/// or postgresql://"),
        ("DB_URL", "sqlite://", "must be a file"),
        ("REDIS_URL", "https://ann:hidden@example.org", "must begin with redis://"),
        ("RATE_LIMIT_AUTH", "hidden", "write a rate as 10/minute"),
        ("TRUSTED_PROXIES", "10.0.0.1,hidden", "name single addresses"),
        ("ENVIRONMENT", "hidden", "'production'"),
        ("SECRET_KEY", "hidden", "shorter than 32 bytes"),
    ],
)
def test_a_bad_variable_is_named_and_its_value_is_not(variable: str, value: str, reason: str, shell: Shell) -> None:
    shell.export(**{variable: value})
    outcome = shell.run("serve")
    assert outcome.status == 2
    assert variable in outcome.errors
    assert reason in outcome.errors
    assert "hidden" not in outcome.text


def test_production_does_not_start_without_a_secret(shell: Shell) -> None:
    shell.export(ENVIRONMENT="production", SECRET_KEY="")
    outcome = shell.run("serve")
    assert outcome.status == 2
    assert "SECRET_KEY is not configured." in outcome.errors
    assert not Path("data").exists()


def test_lists_rates_and_blanks_are_written_plainly(shell: Shell) -> None:
    shell.export(TRUSTED_PROXIES="10.0.0.1, ::1", YOUTUBE_LANGUAGES="de,en", RATE_LIMIT_AUTH="5 per hour")
    shell.export(LOG_LEVEL="warning", REDIS_URL="")
    settings = Settings()
    assert settings.trusted_proxies == {"10.0.0.1", "::1"}
    assert settings.youtube_languages == ("de", "en")
    assert settings.rate_limit_auth == Rate(attempts=5, seconds=3600)
    assert settings.log_level == "WARNING"
    assert settings.redis_url is None


@SQLITE
@pytest.mark.asyncio
async def test_serve_ends_at_sigterm_though_somebody_follows_a_stream(operator: Operator) -> None:
    with operator.serving() as (url, process):
        client = Client(url=url, guest="a guest")
        begun = await client.execute(
            'mutation { conversationCreate(input: {video: {youtube: "dQw4w9WgXcQ"}}) '
            "{ ... on ConversationCreateSuccess { conversation { video { id } } } } }"
        )
        video_id = begun.data["conversationCreate"]["conversation"]["video"]["id"]
        async with client.socket() as socket:
            stream = socket.subscribe(READINESS % video_id)
            assert await anext(stream) == {"__typename": "VideoSnapshot"}
            await asyncio.to_thread(_end, process)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                async for _ in stream:
                    pass
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == CloseCode.SERVICE_RESTART
        assert "Traceback" not in process.output()
        assert _events(process)[-1].startswith("Finished server process")


@SQLITE
def test_several_server_processes_end_together(operator: Operator) -> None:
    with operator.serving("--workers", "2", "--no-worker") as (url, process):
        assert asyncio.run(Client(url=url).execute("{ server { version } }")).data["server"]["version"]
        _end(process)
        assert sum(event.startswith("Finished server process") for event in _events(process)) == 2


@SQLITE
def test_a_worker_ends_at_sigterm(operator: Operator) -> None:
    with operator.working("--concurrency", "2") as process:
        assert _end(process) == 0
        assert _events(process) == ["worker.started", "worker.ending"]


def _end(process: ServerProcess) -> int:
    began = time.monotonic()
    status = process.stop()
    assert time.monotonic() - began < SOON_SECONDS
    assert status in ENDED_BY_US, process.output()
    return status


def _events(process: ServerProcess) -> list[str]:
    """What happened, by the JSON lines of the log."""
    return [json.loads(line)["event"] for line in process.output().splitlines() if line.startswith("{")]
