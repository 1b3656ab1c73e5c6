"""What a service may refuse, as exceptions; the schema turns each into a member of a result union or a coded error."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DomainError(Exception):
    """A refusal a client can act on. Its message is a sentence for people, without ids, SQL or paths."""

    message = "The request was refused."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.message)
        self.message = message or self.message


class NotFound(DomainError):
    """Not there, or not the caller's: the two look the same on purpose."""

    message = "Not found."


class ProblemCode(StrEnum):
    REQUIRED = "REQUIRED"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    INVALID_FORMAT = "INVALID_FORMAT"
    INVALID_CHARACTER = "INVALID_CHARACTER"
    PLAYLIST = "PLAYLIST"
    UNSUPPORTED_FORMAT = "UNSUPPORTED_FORMAT"
    TOO_LARGE = "TOO_LARGE"
    INVALID_DATA = "INVALID_DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    path: Sequence[str]
    """Names of the input fields from the top, as the schema spells them."""
    code: ProblemCode
    message: str


class InvalidInput(DomainError):
    """Every problem of an input at once; its message says a sentence of several once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(dict.fromkeys(problem.message for problem in problems)))
        self.problems = tuple(problems)


class EmailTaken(DomainError):
    message = "Email already exists."


class InvalidCredentials(DomainError):
    message = "Invalid email or password."


class GoogleSignInUnavailable(DomainError):
    message = "Google sign-in is not configured."


class InvalidRefreshToken(DomainError):
    message = "The refresh token is not valid any more. Sign in again."


class ApiTokenExists(DomainError):
    message = "You have a long-term token already. Revoke it first."


class InvalidToken(DomainError):
    message = "The token is not valid any more. Ask for a new one."


class VideoSearchUnavailable(DomainError):
    message = "Videos cannot be searched for at the moment."


class TranscriptNotReady(DomainError):
    message = "The transcript is still being fetched."

    def __init__(self, video_id: int) -> None:
        super().__init__()
        self.video_id = video_id


class TranscriptExists(DomainError):
    message = "The video has a transcript already, and it was not you who brought it."

    def __init__(self, video_id: int) -> None:
        super().__init__()
        self.video_id = video_id


class TranscriptMissing(DomainError):
    message = "The video has no transcript to answer from."


class ModelUnavailable(DomainError):
    message = "The model cannot be reached at the moment. Try again in a minute."


class QuotaExceeded(DomainError):
    def __init__(self, *, limit: int, resets_at: datetime, reset_in_seconds: int, guest: bool) -> None:
        super().__init__(f"Daily limit reached ({limit} {'guest ' if guest else ''}messages/day).")
        self.limit = limit
        self.resets_at = resets_at
        self.reset_in_seconds = reset_in_seconds


class NoTask(DomainError):
    message = "Nothing came to be done in time. Claim again."


class LeaseLost(DomainError):
    message = "The task is not yours any more: its lease has ended. Drop it."


class TaskCancelled(DomainError):
    message = "The task was cancelled: nothing of it is kept. Drop it."


class TaskNotReplayable(DomainError):
    message = "Only a dead task can begin anew, and only while no other does the same."


class RateLimited(DomainError):
    message = "Too many attempts. Try again later."

    def __init__(self, reset_in_seconds: int) -> None:
        super().__init__()
        self.reset_in_seconds = reset_in_seconds


class Overloaded(DomainError):
    """The server has more of this work than it can do in time; trying again later may help."""

    message = "The server is busy. Try again in a moment."


class UnauthenticatedReason(StrEnum):
    MISSING = "MISSING"
    INVALID = "INVALID"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"


class Unauthenticated(DomainError):
    def __init__(
        self, reason: UnauthenticatedReason, session_id: int | None = None, *, message: str | None = None
    ) -> None:
        """`session_id` is the one that the token names, when it is one of ours all the same."""
        super().__init__(
            message
            or {
                UnauthenticatedReason.MISSING: "Sign in.",
                UnauthenticatedReason.INVALID: "The access token is not valid.",
                UnauthenticatedReason.EXPIRED: "The access token has expired.",
                UnauthenticatedReason.REVOKED: "The session has ended. Sign in again.",
            }[reason]
        )
        self.reason = reason
        self.session_id = session_id


class Forbidden(DomainError):
    message = "You may not do that."
