"""E-mail addresses, and whose they are."""

import strawberry

from schema.context import Info
from schema.permissions import OPEN, USERS
from schema.types.costs import ONE_AN_OPERATION
from schema.types.emails import (
    EmailVerificationRequestResult,
    EmailVerificationRequestSuccess,
    EmailVerifyInput,
    EmailVerifyResult,
    EmailVerifySuccess,
)


@strawberry.type
class EmailMutation:
    @strawberry.mutation(
        description="Have a token mailed that proves one's address, three times an hour at most.",
        extensions=[USERS],
        metadata=ONE_AN_OPERATION,
    )
    async def email_verification_request(self, info: Info) -> EmailVerificationRequestResult:
        services = info.context.services
        await services.verification.request(info.context.viewer.signed_in_id)
        return EmailVerificationRequestSuccess(token_valid_seconds=round(services.settings.email_verify_hours * 3600))

    @strawberry.mutation(
        description="Prove an address with a mailed token; nobody need be signed in. Throttled by address.",
        extensions=[OPEN],
        metadata=ONE_AN_OPERATION,
    )
    async def email_verify(self, info: Info, input: EmailVerifyInput) -> EmailVerifyResult:
        email = await info.context.services.verification.verify(info.context.device, input.token)
        return EmailVerifySuccess(email=email)
