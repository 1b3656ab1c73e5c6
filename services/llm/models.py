"""Which model writes for whom: that of the user's own key, or the configured one."""

from collections.abc import Mapping
from typing import Protocol

from pydantic import SecretStr

from services.identity.provider_keys import Provider, ProviderKeyService
from services.llm.chat_model import ChatModel


class KeyedModels(Protocol):
    """A provider whose models anybody with a key may ask."""

    def with_key(self, key: SecretStr) -> ChatModel: ...


class Models:
    def __init__(
        self, configured: ChatModel, keys: ProviderKeyService, providers: Mapping[Provider, KeyedModels]
    ) -> None:
        """Of several keys, that of the first provider counts."""
        self._configured = configured
        self._keys = keys
        self._providers = providers

    async def for_user(self, user_id: int | None) -> ChatModel:
        """To be asked right before it is used: the model has the user's key, and keys change."""
        if user_id is None:
            return self._configured
        (keys,) = await self._keys.keys_of([user_id])
        own = (models.with_key(keys[provider]) for provider, models in self._providers.items() if provider in keys)
        return next(own, self._configured)
