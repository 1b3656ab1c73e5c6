"""What is done with an account as a whole: exported, and deleted."""

from typing import Annotated

import strawberry

from schema.types.errors import InvalidCredentials, InvalidInput
from schema.types.jobs import Job


@strawberry.type(description="The export is under way, or was already.")
class UserExportSuccess:
    job: Job = strawberry.field(
        description="The job; `jobProgress` tells how far it is. Its artifact is a ZIP file of JSON files, kept for a week."
    )


UserExportResult = Annotated[
    UserExportSuccess, strawberry.union("UserExportResult", description="What became of `userExport`.")
]


@strawberry.input(description="An account to delete: the caller's.")
class UserDeleteInput:
    confirm_email: str = strawberry.field(description="The e-mail address of the account, to confirm what is meant.")
    password: str | None = strawberry.field(
        default=None, description="The password; needed when the account has one, and not looked at otherwise."
    )


@strawberry.type(description="The account is gone, with all that was kept of its user. Videos stay: they are shared.")
class UserDeleteSuccess:
    email: str = strawberry.field(description="The e-mail address that the account had; it can be registered anew.")


UserDeleteResult = Annotated[
    UserDeleteSuccess | InvalidInput | InvalidCredentials,
    strawberry.union("UserDeleteResult", description="What became of `userDelete`."),
]
