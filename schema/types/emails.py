"""Proof that an e-mail address is the user's."""

from typing import Annotated

import strawberry

from schema.types.errors import InvalidToken


@strawberry.input(description="An e-mail address to be proved.")
class EmailVerifyInput:
    token: str = strawberry.field(description="The token from the mail.")


@strawberry.type(description="A mail with a token is on its way to the user's address, unless it is proved already.")
class EmailVerificationRequestSuccess:
    token_valid_seconds: int = strawberry.field(description="How long the mailed token is good, in seconds.")


@strawberry.type(description="The address is proved.")
class EmailVerifySuccess:
    email: str = strawberry.field(description="The address.")


EmailVerificationRequestResult = Annotated[
    EmailVerificationRequestSuccess,
    strawberry.union("EmailVerificationRequestResult", description="What became of `emailVerificationRequest`."),
]
EmailVerifyResult = Annotated[
    EmailVerifySuccess | InvalidToken,
    strawberry.union("EmailVerifyResult", description="What became of `emailVerify`."),
]
