"""The doors by which users come in, and what those give who pass."""

from typing import Annotated, Self

import strawberry

from schema.types.errors import EmailTaken, InvalidCredentials, InvalidInput, InvalidRefreshToken
from schema.types.sessions import AuthTokens
from schema.types.users import User
from services.identity.sessions import SignedIn


@strawberry.input(description="A new account.")
class UserRegisterInput:
    email: str = strawberry.field(description="The e-mail address; trimmed and stored in lower case.")
    password: str = strawberry.field(description="At least 7 characters and at most 1,024 bytes; not trimmed.")
    name: str = strawberry.field(description="What to call the user: 2 to 100 characters; trimmed.")


@strawberry.input(description="A sign-in by password.")
class SessionCreateInput:
    email: str = strawberry.field(description="The e-mail address, in any case.")
    password: str = strawberry.field(description="The password.")


@strawberry.input(description="A session to renew.")
class SessionRefreshInput:
    refresh_token: str = strawberry.field(description="The newest refresh token of the session.")


@strawberry.type(description="A user and the tokens of a session.")
class SignedInUser:
    user: User = strawberry.field(description="The user.")
    tokens: AuthTokens = strawberry.field(description="The tokens of the session.")

    @classmethod
    def from_signed_in(cls, signed_in: SignedIn) -> Self:
        return cls(user=User.from_row(signed_in.user), tokens=AuthTokens.from_tokens(signed_in.tokens))


@strawberry.type(description="The account was made, and its user is signed in.")
class UserRegisterSuccess(SignedInUser):
    pass


@strawberry.type(description="The user is signed in.")
class SessionCreateSuccess(SignedInUser):
    pass


@strawberry.type(description="The session goes on with new tokens; the spent refresh token is worth nothing.")
class SessionRefreshSuccess(SignedInUser):
    pass


UserRegisterResult = Annotated[
    UserRegisterSuccess | InvalidInput | EmailTaken,
    strawberry.union("UserRegisterResult", description="What became of `userRegister`."),
]
SessionCreateResult = Annotated[
    SessionCreateSuccess | InvalidInput | InvalidCredentials,
    strawberry.union("SessionCreateResult", description="What became of `sessionCreate`."),
]
SessionRefreshResult = Annotated[
    SessionRefreshSuccess | InvalidRefreshToken,
    strawberry.union("SessionRefreshResult", description="What became of `sessionRefresh`."),
]
