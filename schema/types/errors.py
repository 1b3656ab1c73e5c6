"""Failures as data: the interface they share, and its members."""

from datetime import datetime

import strawberry

from schema.types.costs import at_most
from schema.types.enums import describe
from services.errors import Problem, ProblemCode

MOST_PROBLEMS = 10
"""One a value of the input; no input has more values."""

describe(
    ProblemCode,
    name="InputProblemCode",
    description="What is wrong with a value of an input.",
    values={
        "REQUIRED": "The value is missing or blank.",
        "TOO_SHORT": "The value is shorter than allowed.",
        "TOO_LONG": "The value is longer than allowed.",
        "OUT_OF_RANGE": "The number is smaller or larger than allowed.",
        "INVALID_FORMAT": "The value is not written as it must be.",
        "INVALID_CHARACTER": "The value contains a character that cannot be stored, such as NUL.",
        "PLAYLIST": "The link is to a playlist, not to one video.",
        "UNSUPPORTED_FORMAT": "The file is of a kind that is not read here.",
        "TOO_LARGE": "The file is larger than allowed, or what is packed in it is.",
        "INVALID_DATA": "The file is broken, or not what it seems to be.",
    },
)


@strawberry.interface(description="A failure that the caller can do something about.")
class UserError:
    message: str = strawberry.field(description="What went wrong, as a sentence for people.")


@strawberry.type(description="One thing wrong with an input.")
class InputProblem:
    path: list[str] = strawberry.field(description="The input fields that lead to the value, the outermost first.")
    code: ProblemCode = strawberry.field(description="What is wrong, for programs.")
    message: str = strawberry.field(description="What is wrong, as a sentence for people.")

    @classmethod
    def from_problem(cls, problem: Problem) -> "InputProblem":
        return cls(path=list(problem.path), code=problem.code, message=problem.message)


@strawberry.type(description="The input was refused; every problem of it is listed.")
class InvalidInput(UserError):
    problems: list[InputProblem] = strawberry.field(
        description="All problems, at least one.", metadata=at_most(MOST_PROBLEMS)
    )


@strawberry.type(description="What the input names is not there, or is not the caller's.")
class NotFound(UserError):
    pass


@strawberry.type(description="An account with this e-mail address exists already.")
class EmailTaken(UserError):
    pass


@strawberry.type(
    description="The e-mail address and the password do not belong together, or Google did not issue the credential."
)
class InvalidCredentials(UserError):
    pass


@strawberry.type(description="Nobody can sign in with Google: it is not set up here, or Google cannot be reached now.")
class GoogleSignInUnavailable(UserError):
    pass


@strawberry.type(description="The refresh token is unknown, spent or expired, or its session has ended.")
class InvalidRefreshToken(UserError):
    pass


@strawberry.type(description="The mailed token is unknown, used or expired, or was sent for something else.")
class InvalidToken(UserError):
    pass


@strawberry.type(description="The user has a long-term token already. It must be revoked before there can be another.")
class ApiTokenExists(UserError):
    pass


@strawberry.type(description="YouTube cannot be searched: it is not set up here, or refuses or fails at the moment.")
class VideoSearchUnavailable(UserError):
    pass


@strawberry.type(description="The video has no transcript, and none will come by itself.")
class TranscriptMissing(UserError):
    pass


@strawberry.type(description="Nothing that the worker could do came in time. It claims again.")
class NoTask(UserError):
    pass


@strawberry.type(
    description="The lease token is not the one that the task is held under: its lease has ended, and others may have the "
    "task. The worker drops it."
)
class LeaseLost(UserError):
    pass


@strawberry.type(description="Somebody asked for the task to stop. It has ended, and nothing of its result is kept.")
class TaskCancelled(UserError):
    pass


@strawberry.type(
    description="The task is not dead; or another of its kind is under way for the same thing; or what it was for has "
    "ended with it, and has to be asked for anew."
)
class TaskNotReplayable(UserError):
    pass


@strawberry.type(
    description="The model that would answer has failed too often, and is left alone for a while. Nothing was stored or counted."
)
class ModelUnavailable(UserError):
    pass


@strawberry.type(description="The daily quota of messages is used up.")
class QuotaExceeded(UserError):
    limit: int = strawberry.field(description="Messages allowed a day.")
    resets_at: datetime = strawberry.field(description="The timestamp at which counting starts again.")
    reset_in_seconds: int = strawberry.field(description="Whole seconds until then, at least 1.")
