"""Signing in with Google."""

import strawberry

from schema.context import Info
from schema.permissions import OPEN
from schema.types.costs import ONE_AN_OPERATION
from schema.types.google import (
    SessionCreateWithGoogleInput,
    SessionCreateWithGoogleResult,
    SessionCreateWithGoogleSuccess,
)


@strawberry.type
class GoogleMutation:
    @strawberry.mutation(
        description=(
            "Sign in with Google; who comes for the first time gets an account. Throttled by address; an access token "
            "that is sent is not looked at."
        ),
        extensions=[OPEN],
        metadata=ONE_AN_OPERATION,
    )
    async def session_create_with_google(
        self, info: Info, input: SessionCreateWithGoogleInput
    ) -> SessionCreateWithGoogleResult:
        signed_in = await info.context.services.google_sign_in.by_credential(
            info.context.device, input.credential, input.password
        )
        return SessionCreateWithGoogleSuccess.from_signed_in(signed_in)
