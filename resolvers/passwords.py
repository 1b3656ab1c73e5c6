"""Passwords: changed, forgotten, and set anew."""

import strawberry

from schema.context import Info
from schema.permissions import OPEN, USERS
from schema.types.costs import ONE_AN_OPERATION
from schema.types.passwords import (
    PasswordChangeInput,
    PasswordChangeResult,
    PasswordChangeSuccess,
    PasswordResetInput,
    PasswordResetRequestInput,
    PasswordResetRequestResult,
    PasswordResetRequestSuccess,
    PasswordResetResult,
    PasswordResetSuccess,
)
from schema.types.users import User


@strawberry.type
class PasswordMutation:
    @strawberry.mutation(
        description=(
            "Change the password, which ends the user's other sessions and leaves their long-term token. `NotFound` means "
            "that there is no password yet: a reset by mail sets one. Throttled by session."
        ),
        extensions=[USERS],
        metadata=ONE_AN_OPERATION,
    )
    async def password_change(self, info: Info, input: PasswordChangeInput) -> PasswordChangeResult:
        user = await info.context.services.passwords.change(
            info.context.device, info.context.viewer, old=input.old_password, new=input.new_password
        )
        return PasswordChangeSuccess(user=User.from_row(user))

    @strawberry.mutation(
        description="Have a token for a new password mailed, three times an hour at most. Throttled by address.",
        extensions=[OPEN],
        metadata=ONE_AN_OPERATION,
    )
    async def password_reset_request(self, info: Info, input: PasswordResetRequestInput) -> PasswordResetRequestResult:
        services = info.context.services
        await services.passwords.request_reset(info.context.device, input.email)
        return PasswordResetRequestSuccess(token_valid_seconds=round(services.settings.password_reset_minutes * 60))

    @strawberry.mutation(
        description=(
            "Set the password with a mailed token, which ends all that is signed in and removes the long-term token and the "
            "keys at providers. Throttled by address."
        ),
        extensions=[OPEN],
        metadata=ONE_AN_OPERATION,
    )
    async def password_reset(self, info: Info, input: PasswordResetInput) -> PasswordResetResult:
        email = await info.context.services.passwords.reset(info.context.device, input.token, input.new_password)
        return PasswordResetSuccess(email=email)
