"""New passwords: changed by the old one, or set with a mailed token."""

from typing import Annotated

import strawberry

from schema.types.errors import InvalidCredentials, InvalidInput, InvalidToken, NotFound
from schema.types.users import User

NEW_PASSWORD = "The new password: at least 7 characters and at most 1,024 bytes; not trimmed."  # noqa: S105  a description


@strawberry.input(description="A password to be changed.")
class PasswordChangeInput:
    old_password: str = strawberry.field(description="The password until now.")
    new_password: str = strawberry.field(description=NEW_PASSWORD)


@strawberry.input(description="A forgotten password.")
class PasswordResetRequestInput:
    email: str = strawberry.field(description="The e-mail address of the account, in any case.")


@strawberry.input(description="A password to be set with a mailed token.")
class PasswordResetInput:
    token: str = strawberry.field(description="The token from the mail. A password that is refused leaves it good.")
    new_password: str = strawberry.field(description=NEW_PASSWORD)


@strawberry.type(description="The password is changed, and the user's other sessions have ended.")
class PasswordChangeSuccess:
    user: User = strawberry.field(description="The user.")


@strawberry.type(
    description="If there is an account with this address, a mail is on its way. The answer does not tell."
)
class PasswordResetRequestSuccess:
    token_valid_seconds: int = strawberry.field(description="How long the mailed token is good, in seconds.")


@strawberry.type(
    description="The password is set, and the address proved. Every session has ended, and the long-term token and the keys at "
    "providers are gone."
)
class PasswordResetSuccess:
    email: str = strawberry.field(description="The address to sign in with now.")


PasswordChangeResult = Annotated[
    PasswordChangeSuccess | InvalidInput | InvalidCredentials | NotFound,
    strawberry.union("PasswordChangeResult", description="What became of `passwordChange`."),
]
PasswordResetRequestResult = Annotated[
    PasswordResetRequestSuccess | InvalidInput,
    strawberry.union("PasswordResetRequestResult", description="What became of `passwordResetRequest`."),
]
PasswordResetResult = Annotated[
    PasswordResetSuccess | InvalidInput | InvalidToken,
    strawberry.union("PasswordResetResult", description="What became of `passwordReset`."),
]
