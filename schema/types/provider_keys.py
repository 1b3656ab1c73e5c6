"""Users' own keys at providers of models: which there are, and setting them. The keys themselves are never shown."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from schema.types.errors import InvalidInput
from services.identity.provider_keys import Provider
from services.limits import PROVIDER_KEY_LENGTH

if TYPE_CHECKING:
    from schema.types.users import User

SECRET = f"Up to {PROVIDER_KEY_LENGTH} printable ASCII characters without blanks; trimmed. Absent: unchanged. Null or blank: removed."


@strawberry.type(description="At which providers of models the user has set a key of their own. No key is ever shown.")
class ProviderKeys:
    gemini: bool = strawberry.field(description="Whether there is a key for Google's Gemini.")
    openrouter: bool = strawberry.field(description="Whether there is a key for OpenRouter.")

    @classmethod
    def from_keys(cls, keys: Mapping[Provider, object]) -> Self:
        return cls(gemini=Provider.GEMINI in keys, openrouter=Provider.OPENROUTER in keys)


@strawberry.input(description="Keys of one's own at providers of models, to be used for one's own Wiz.")
class ProviderKeysSetInput:
    gemini: strawberry.Maybe[str | None] = strawberry.field(default=None, description=f"For Google's Gemini. {SECRET}")
    openrouter: strawberry.Maybe[str | None] = strawberry.field(default=None, description=f"For OpenRouter. {SECRET}")

    @property
    def given(self) -> dict[Provider, str | None]:
        keys = {Provider.GEMINI: self.gemini, Provider.OPENROUTER: self.openrouter}
        return {provider: key.value for provider, key in keys.items() if key is not None}


@strawberry.type(description="The keys are set. Answers that have begun are not touched.")
class ProviderKeysSetSuccess:
    user: Annotated["User", strawberry.lazy("schema.types.users")] = strawberry.field(
        description="The user, whose `providerKeys` tell which there are now."
    )


ProviderKeysSetResult = Annotated[
    ProviderKeysSetSuccess | InvalidInput,
    strawberry.union("ProviderKeysSetResult", description="What became of `providerKeysSet`."),
]
