"""The long-term token of a user, for programs that take notes."""

from typing import Annotated

import strawberry

from schema.types.errors import ApiTokenExists, NotFound
from schema.types.users import User


@strawberry.type(description="The user has a long-term token.")
class ApiTokenCreateSuccess:
    token: str = strawberry.field(
        description="To be sent as `Authorization: Bearer …` with `noteCreate`. It is shown this once, and never expires."
    )
    user: User = strawberry.field(description="The user, who now has a token.")


@strawberry.type(description="The user has no long-term token any more.")
class ApiTokenRevokeSuccess:
    user: User = strawberry.field(description="The user, who now has no token.")


ApiTokenCreateResult = Annotated[
    ApiTokenCreateSuccess | ApiTokenExists,
    strawberry.union("ApiTokenCreateResult", description="What became of `apiTokenCreate`."),
]
ApiTokenRevokeResult = Annotated[
    ApiTokenRevokeSuccess | NotFound,
    strawberry.union("ApiTokenRevokeResult", description="What became of `apiTokenRevoke`."),
]
