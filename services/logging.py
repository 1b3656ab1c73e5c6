"""Structured logs: one JSON object a line on standard error, with the request's id where there is one."""

import logging
import re
import sys
from collections.abc import MutableMapping

import structlog
from structlog.typing import Processor

REDACTED = "[redacted]"
TO_JSON = structlog.processors.JSONRenderer()
FIELDS = "password oldPassword newPassword token accessToken refreshToken authorization credential secret cookie \
guestSessionId email gemini openrouter"
"""What must not be told, as the schema and the headers spell it."""
SECRETS = re.compile(
    rf'(?P<name>"(?:{"|".join(FIELDS.split())})": ")(?:[^"\\]|\\.)*'
    r"|eyJ[\w-]{8,}\.[\w-]+\.[\w-]+"  # a JWT
    r"|vw[tg]_[\w.-]+"  # an API token, a guest session id
    r"|(?i:bearer)\s+[\w.~+/=-]+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # credentials in a URL
    r"|[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
)


def render(logger: object, method: str, event: MutableMapping[str, object]) -> str:
    """As JSON. The last line of defence: nothing of ours logs a secret, but a library's message or a traceback might."""
    line = str(TO_JSON(logger, method, event))
    return SECRETS.sub(lambda found: (found["name"] or "") + REDACTED, line)


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
]
# One list for good: a logger keeps the one it first used, and structlog's capture_logs changes the configured one.
PROCESSORS: list[Processor] = [
    *SHARED,
    structlog.processors.format_exc_info,
    structlog.processors.EventRenamer("event"),
    render,
]
# Said again by our own request log, or of no use to an operator.
QUIET = ("uvicorn.access", "httpx2", "yt_dlp", "alembic.runtime.plugins")
# At DEBUG they write down all that passes: the values of statements, and frames with tokens in them.
INDISCREET = ("aiosqlite", "uvicorn.error", "websockets", "openai", "google_genai")


def configure_logging(level: str) -> None:
    """Send our events and those of the libraries through the same form."""
    structlog.configure(
        processors=PROCESSORS,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*SHARED, _name_logger],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            render,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_without_sockets)
    logging.getLogger("asyncio").addFilter(_without_given_up_connections)
    for name in INDISCREET:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelNamesMapping()[level]))


def _without_sockets(record: logging.LogRecord) -> bool:
    """Our own request log tells of sockets, and without their query, which may hold a token.

    Nor does anybody need a traceback of each text that is no UTF-8: uvicorn tells its client.
    """
    return not str(record.msg).startswith(('%s - "WebSocket', "connection ", "Invalid UTF-8 sequence"))


def _without_given_up_connections(record: logging.LogRecord) -> bool:
    """Of a connection that was being opened for a request which has gone, asyncpg leaves a failure to nobody."""
    return "unexpected connection_lost() call" not in record.getMessage()


def _name_logger(
    logger: logging.Logger | None, method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    del logger, method
    record = event.get("_record")
    if isinstance(record, logging.LogRecord):
        event["logger"] = record.name
    return event
