"""The command line: starts things, decides nothing."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import metadata

import structlog
import uvicorn
from alembic.util import CommandError
from pydantic import ValidationError

from db import migrate
from db.engine import open_engines
from db.seed import seed
from db.sessions import Sessions
from schema.root import build_schema
from schema.transport.connections.options import server_options
from services.container import open_services
from services.doctor import (
    NOT_MIGRATED,
    Unreachable,
    examine,
    is_migrated,
    require_signing_key,
    require_trusted_documents,
)
from services.logging import configure_logging
from services.settings import Settings, explain

LARGEST_PORT = 65_535
INTERRUPTED = 130
"""The status that shells give a command ended by Ctrl-C."""


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except ValidationError as error:
        print("The configuration cannot be used:", *explain(error), sep="\n  ", file=sys.stderr)
        return 2
    except Unreachable as unreachable:
        print(unreachable, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vidwiz",
        description="A GraphQL API for learning from videos.",
        epilog="Configuration comes from the environment and from .env; `vidwiz doctor` looks at it.",
    )
    parser.add_argument("--version", action="version", version=metadata.version("vidwiz"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="answer GraphQL over HTTP and websockets, and work on tasks")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=port, default=8000, help="the port to listen on (default: %(default)s)")
    serve.add_argument("--workers", type=count, default=1, help="server processes (default: %(default)s)")
    serve.add_argument("--no-worker", action="store_true", help="leave the tasks to `vidwiz worker` elsewhere")
    serve.add_argument("--reload", action="store_true", help="start again when the code changes")
    serve.set_defaults(run=_serve)

    worker = commands.add_parser("worker", help="work on tasks only, on this or any machine")
    worker.add_argument("--concurrency", type=count, help="tasks about videos at once (default: WORKER_CONCURRENCY)")
    worker.set_defaults(run=_worker)

    for name, run, text in (
        ("migrate", _migrate, "bring the database to the newest revision"),
        ("seed", _seed, "load the sample lectures; may be run again at any time"),
        ("schema", _schema, "print the GraphQL schema"),
        ("doctor", _doctor, "look at the configuration and say what is wrong"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=run)
    return parser


def _serve(options: argparse.Namespace) -> int:
    settings = Settings()
    if not _is_ready(settings):
        return 1
    require_signing_key(settings)
    require_trusted_documents(settings)
    configure_logging(settings.log_level)
    host = f"[{options.host}]" if ":" in options.host else options.host
    print(f"VidWiz will answer at http://{host}:{options.port}/graphql (Ctrl-C ends it).", flush=True)
    uvicorn.run(
        "schema.server:create_web_app" if options.no_worker else "schema.server:create_process_app",
        factory=True,
        host=options.host,
        port=options.port,
        workers=options.workers,
        reload=options.reload,
        **server_options(settings),
    )
    return 0


def _worker(options: argparse.Namespace) -> int:
    settings = Settings() if options.concurrency is None else Settings(worker_concurrency=options.concurrency)
    if not _is_ready(settings):
        return 1
    configure_logging(settings.log_level)
    asyncio.run(_work(settings))
    return 0


async def _work(settings: Settings) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    log = structlog.get_logger()
    async with open_services(settings, work=True):
        log.info("worker.started", concurrency=settings.worker_concurrency)
        await stopped.wait()
        log.info("worker.ending")


def _migrate(options: argparse.Namespace) -> int:
    del options
    settings = Settings()
    asyncio.run(is_migrated(settings))
    try:
        asyncio.run(migrate.upgrade(settings.database_url))
    except CommandError:
        print("The database is at a revision of a newer version. Install that one.", file=sys.stderr)
        return 1
    print("The database is at the newest revision.")
    return 0


def _seed(options: argparse.Namespace) -> int:
    del options
    settings = Settings()
    if not _is_ready(settings):
        return 1
    report = asyncio.run(_load_samples(settings))
    print(f"Sample lectures: {report}.")
    return 0


async def _load_samples(settings: Settings) -> str:
    engines = open_engines(settings.database_url, pool_size=2)
    try:
        report = await seed(Sessions(engines, lambda _wakeups: None))
    finally:
        await engines.close()
    return f"{report.written} written, {report.unchanged} unchanged"


def _schema(options: argparse.Namespace) -> int:
    del options
    print(build_schema().as_str())
    return 0


def _doctor(options: argparse.Namespace) -> int:
    del options
    settings = Settings()
    return asyncio.run(_report(settings))


async def _report(settings: Settings) -> int:
    is_fine = True
    async for finding in examine(settings):
        print("ok     " if finding.is_fine else "PROBLEM", finding.text)
        is_fine = is_fine and finding.is_fine
    return 0 if is_fine else 1


def _is_ready(settings: Settings) -> bool:
    if asyncio.run(is_migrated(settings)):
        return True
    print(NOT_MIGRATED, file=sys.stderr)
    return False


def count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"must be between 1 and {LARGEST_PORT}")
    return number


if __name__ == "__main__":
    sys.exit(main())
