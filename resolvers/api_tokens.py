"""Long-term tokens: made and revoked."""

import strawberry

from schema.context import Info
from schema.permissions import USERS
from schema.types.api_tokens import (
    ApiTokenCreateResult,
    ApiTokenCreateSuccess,
    ApiTokenRevokeResult,
    ApiTokenRevokeSuccess,
)
from schema.types.costs import ONE_AN_OPERATION
from schema.types.users import User


@strawberry.type
class ApiTokenMutation:
    @strawberry.mutation(
        description="Make the user's long-term token, for programs: it may take notes by `noteCreate`, and nothing else. "
        "There is one at most.",
        extensions=[USERS],
        metadata=ONE_AN_OPERATION,
    )
    async def api_token_create(self, info: Info) -> ApiTokenCreateResult:
        context = info.context
        token, row = await context.services.api_tokens.create(context.viewer.signed_in_id, context.device)
        return ApiTokenCreateSuccess(token=token, user=User.from_row(row))

    @strawberry.mutation(description="Revoke the user's long-term token. It is refused at once.", extensions=[USERS])
    async def api_token_revoke(self, info: Info) -> ApiTokenRevokeResult:
        context = info.context
        row = await context.services.api_tokens.revoke(context.viewer.signed_in_id, context.device)
        return ApiTokenRevokeSuccess(user=User.from_row(row))
