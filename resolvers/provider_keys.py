"""Users' own keys at providers of models."""

import strawberry

from schema.context import Info
from schema.permissions import USERS
from schema.types.provider_keys import ProviderKeysSetInput, ProviderKeysSetResult, ProviderKeysSetSuccess
from schema.types.users import User


@strawberry.type
class ProviderKeyMutation:
    @strawberry.mutation(
        description="Set or remove keys of one's own at providers of models. Wiz then answers oneself by that provider's "
        "model, by Gemini when there are both; the provider charges for it, and the daily quota stays as it is.",
        extensions=[USERS],
    )
    async def provider_keys_set(self, info: Info, input: ProviderKeysSetInput) -> ProviderKeysSetResult:
        user_id = info.context.viewer.signed_in_id
        row = await info.context.services.provider_keys.set(info.context.device, user_id, input.given)
        return ProviderKeysSetSuccess(user=User.from_row(row))
