"""What every answer must look like, whatever was asked: errors with a code and the request's id, and nothing internal."""

import json
import re
from collections.abc import Iterator

from tests.client import Json

CODES = frozenset(
    {
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "BAD_USER_INPUT",
        "NOT_FOUND",
        "RATE_LIMITED",
        "QUERY_TOO_COMPLEX",
        "TIMEOUT",
        "INTERNAL_SERVER_ERROR",
    }
)
INTERNAL = re.compile(
    r"Traceback|Exception|sqlalchemy|asyncpg|sqlite|psycopg|strawberry|Maybe\[|NoneType|\bobject at 0x|\w\.py\b|/(?:usr|tmp|var)/",
    re.IGNORECASE,
)


def faults_of_text(text: str) -> Iterator[str]:
    """What nobody outside should read."""
    found = INTERNAL.search(text)
    if found:
        yield f"{found.group()} in {text[:500]}"


def faults_of_errors(errors: list[Json], request_id: str | None) -> Iterator[str]:
    """The request's id is None where the client cannot know it."""
    for error in errors:
        extensions = error.get("extensions", {})
        if extensions.get("code") not in CODES:
            yield f"no code: {error}"
        if not extensions.get("requestId") or request_id not in {None, extensions["requestId"]}:
            yield f"not the request's id: {error}"
        if extensions.get("code") == "INTERNAL_SERVER_ERROR":
            yield f"a mistake of the client taken for ours: {error}"
        yield from faults_of_text(json.dumps(error))
