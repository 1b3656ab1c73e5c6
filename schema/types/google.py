"""Signing in with Google."""

from typing import Annotated

import strawberry

from schema.types.errors import EmailTaken, GoogleSignInUnavailable, InvalidCredentials, InvalidInput
from schema.types.sign_in import SignedInUser


@strawberry.input(description="A sign-in with Google.")
class SessionCreateWithGoogleInput:
    credential: str = strawberry.field(
        description="The ID token that Google gave to the page, for the client id of `server.capabilities`; good once."
    )
    password: str | None = strawberry.field(
        default=None,
        description=(
            "Of the account that has the e-mail address already, to link the two; asked for by `EmailTaken`, and not "
            "looked at otherwise."
        ),
    )


@strawberry.type(description="The user is signed in; who came for the first time has an account now.")
class SessionCreateWithGoogleSuccess(SignedInUser):
    pass


SessionCreateWithGoogleResult = Annotated[
    SessionCreateWithGoogleSuccess | InvalidInput | InvalidCredentials | EmailTaken | GoogleSignInUnavailable,
    strawberry.union("SessionCreateWithGoogleResult", description="What became of `sessionCreateWithGoogle`."),
]
