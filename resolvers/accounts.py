"""Accounts as a whole: exported, and deleted."""

import strawberry

from schema.context import Info
from schema.pacing import paced
from schema.permissions import USERS
from schema.types.accounts import (
    UserDeleteInput,
    UserDeleteResult,
    UserDeleteSuccess,
    UserExportResult,
    UserExportSuccess,
)
from schema.types.costs import ONE_AN_OPERATION
from schema.types.jobs import Job
from services.rates import Rate

EXPORTS = Rate(3, 86_400)
"""Each reads all that is kept of a user, and stores it."""


@strawberry.type
class AccountMutation:
    @strawberry.mutation(
        description="Gather all that is kept of the caller into one file: a job, and of several calls the same while it runs. "
        "Its file takes the place of the one before.",
        extensions=[USERS],
        metadata={**ONE_AN_OPERATION, **paced(lambda _settings: EXPORTS)},
    )
    async def user_export(self, info: Info) -> UserExportResult:
        row = await info.context.services.exports.start(info.context.viewer.signed_in_id, info.context.device)
        return UserExportSuccess(job=Job.from_row(row))

    @strawberry.mutation(
        description="Delete the caller's account for good, with all that is kept of them: notes, conversations, files, sessions. "
        "Wrong passwords are throttled like sign-ins.",
        extensions=[USERS],
        metadata=ONE_AN_OPERATION,
    )
    async def user_delete(self, info: Info, input: UserDeleteInput) -> UserDeleteResult:
        email = await info.context.services.account_deletion.delete(
            info.context.device,
            info.context.viewer.signed_in_id,
            confirm_email=input.confirm_email,
            password=input.password,
        )
        return UserDeleteSuccess(email=email)
