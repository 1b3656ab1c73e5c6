"""What becomes of an exception: a member of the field's union, an error with a code, or a masked error."""

from collections.abc import Callable, Mapping
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError, GraphQLFormattedError
from strawberry.types.field import StrawberryField

from schema.context import Context, Info
from schema.types import errors as members
from schema.types.transcripts import TranscriptExists
from schema.types.videos import Video
from schema.types.wiz import TranscriptNotReady
from schema.unsaid_values import without_input
from services import errors
from services.events.outages import describe, passes

logger = structlog.get_logger()


class UnionMember:
    """Turns one kind of refusal into the member of the field's union that stands for it (a Strawberry handler)."""

    def __init__(
        self, exception_type: type[errors.DomainError], error_type: type, make: Callable[[Any, Context], object]
    ) -> None:
        self.exception_type = exception_type
        self.error_type = error_type
        self._make = make

    def handle(self, exception: errors.DomainError, *, field: StrawberryField, info: Info) -> object:
        del field
        return self._make(exception, info.context)


def _plain(error_type: type) -> Callable[[Any, Context], object]:
    return lambda exception, _context: error_type(message=exception.message)


def _invalid_input(exception: errors.InvalidInput, _context: Context) -> object:
    problems = [members.InputProblem.from_problem(problem) for problem in exception.problems]
    return members.InvalidInput(message=exception.message, problems=problems)


def _quota_exceeded(exception: errors.QuotaExceeded, _context: Context) -> object:
    return members.QuotaExceeded(
        message=exception.message,
        limit=exception.limit,
        resets_at=exception.resets_at,
        reset_in_seconds=exception.reset_in_seconds,
    )


async def _transcript_not_ready(exception: errors.TranscriptNotReady, context: Context) -> object:
    video: Video = await context.loaders.video_by_id.load(exception.video_id)
    return TranscriptNotReady(message=exception.message, video=video)


async def _transcript_exists(exception: errors.TranscriptExists, context: Context) -> object:
    video: Video = await context.loaders.video_by_id.load(exception.video_id)
    return TranscriptExists(message=exception.message, video=video)


HANDLERS: list[strawberry.ExceptionHandler[Any, Any]] = [
    UnionMember(errors.InvalidInput, members.InvalidInput, _invalid_input),
    UnionMember(errors.NotFound, members.NotFound, _plain(members.NotFound)),
    UnionMember(errors.EmailTaken, members.EmailTaken, _plain(members.EmailTaken)),
    UnionMember(errors.InvalidCredentials, members.InvalidCredentials, _plain(members.InvalidCredentials)),
    UnionMember(
        errors.GoogleSignInUnavailable, members.GoogleSignInUnavailable, _plain(members.GoogleSignInUnavailable)
    ),
    UnionMember(errors.InvalidRefreshToken, members.InvalidRefreshToken, _plain(members.InvalidRefreshToken)),
    UnionMember(errors.InvalidToken, members.InvalidToken, _plain(members.InvalidToken)),
    UnionMember(errors.ApiTokenExists, members.ApiTokenExists, _plain(members.ApiTokenExists)),
    UnionMember(errors.VideoSearchUnavailable, members.VideoSearchUnavailable, _plain(members.VideoSearchUnavailable)),
    UnionMember(errors.TranscriptNotReady, TranscriptNotReady, _transcript_not_ready),
    UnionMember(errors.TranscriptExists, TranscriptExists, _transcript_exists),
    UnionMember(errors.TranscriptMissing, members.TranscriptMissing, _plain(members.TranscriptMissing)),
    UnionMember(errors.NoTask, members.NoTask, _plain(members.NoTask)),
    UnionMember(errors.LeaseLost, members.LeaseLost, _plain(members.LeaseLost)),
    UnionMember(errors.TaskCancelled, members.TaskCancelled, _plain(members.TaskCancelled)),
    UnionMember(errors.TaskNotReplayable, members.TaskNotReplayable, _plain(members.TaskNotReplayable)),
    UnionMember(errors.ModelUnavailable, members.ModelUnavailable, _plain(members.ModelUnavailable)),
    UnionMember(errors.QuotaExceeded, members.QuotaExceeded, _quota_exceeded),
]


class QueryTooComplex(Exception):
    """An operation beyond one of the limits, refused before anything of it is run."""

    def __init__(self, limit: str, value: int, maximum: int, message: str | None = None) -> None:
        super().__init__(message or f"The operation is too complex: {limit} may be {maximum} at most, and is {value}.")
        self.limit = limit
        self.value = value
        self.maximum = maximum


def shaped(error: GraphQLError | Exception, context: Context) -> GraphQLFormattedError:
    """The error as clients get it: with a code and the request's id, and no internal text; that is logged instead."""
    located = error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
    original = _root_of(located)
    if isinstance(original, Exception) and passes(original):
        logger.warning("request.outage", request_id=context.request_id, path=located.path, error=describe(original))
        original = errors.Overloaded()
    message, extensions = _public(located, original)
    if extensions["code"] == "INTERNAL_SERVER_ERROR":
        logger.error("request.failed", request_id=context.request_id, path=located.path, exc_info=original or located)
    if isinstance(original, errors.RateLimited):
        context.headers["Retry-After"] = str(original.reset_in_seconds)
    # A new error: those of a document that is no good are kept, for the next one who sends it.
    return GraphQLError(
        message,
        nodes=located.nodes,
        source=located.source,
        positions=located.positions,
        path=located.path,
        extensions=dict(extensions) | {"requestId": context.request_id},
    ).formatted


def _root_of(error: GraphQLError) -> BaseException | None:
    original: BaseException | None = error.original_error
    while isinstance(original, GraphQLError):
        original = original.original_error
    return original


CODES = {
    errors.Unauthenticated: "UNAUTHENTICATED",
    errors.Forbidden: "FORBIDDEN",
    errors.NotFound: "NOT_FOUND",
    errors.InvalidInput: "BAD_USER_INPUT",
    errors.RateLimited: "RATE_LIMITED",
    errors.Overloaded: "TIMEOUT",
    QueryTooComplex: "QUERY_TOO_COMPLEX",
}


def _public(error: GraphQLError, original: BaseException | None) -> tuple[str, Mapping[str, object]]:
    if original is None:
        # The library's own: the document or its variables are wrong, and the message says how.
        return without_input(error.message), {"code": "BAD_USER_INPUT"}
    code = next((code for kind, code in CODES.items() if isinstance(original, kind)), None)
    if code is not None:
        return str(original), {"code": code, **_details(original)}
    if error.path is None and error.nodes:
        # While the document was checked a value could not even be read, such as a number of 5,000 digits.
        return "A value in the document or its variables cannot be read.", {"code": "BAD_USER_INPUT"}
    return "Something went wrong on our side.", {"code": "INTERNAL_SERVER_ERROR"}


def _details(refusal: BaseException) -> Mapping[str, object]:
    match refusal:
        case errors.Unauthenticated(reason=reason):
            return {"details": {"reason": reason}}
        case errors.InvalidInput(problems=problems):
            listed = [{"path": list(one.path), "code": one.code, "message": one.message} for one in problems]
            return {"details": {"problems": listed}}
        case errors.RateLimited(reset_in_seconds=seconds):
            return {"details": {"resetInSeconds": seconds}}
        case QueryTooComplex(limit=limit, value=value, maximum=maximum):
            return {"details": {"limit": limit, "value": value, "maximum": maximum}}
        case _:
            return {}
