"""Which model writes for whom: that of the user's own key, or the configured one."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from pydantic import SecretStr

from db.sessions import Sessions
from services.identity.provider_keys import Provider, ProviderKeyService
from services.llm.chat_model import ChatModel, WritingModel
from services.llm.extractive import ExtractiveModel
from services.llm.remote.adapter import Limits
from services.llm.remote.breakers import Breakers
from services.llm.remote.gemini import Gemini
from services.llm.remote.guarded import GuardedModel
from services.llm.remote.openrouter import OpenRouter
from services.settings import Settings


class KeyedModels(Protocol):
    """A provider whose models anybody with a key may ask."""

    def with_key(self, key: SecretStr) -> WritingModel: ...


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

    def is_shared(self, model: ChatModel) -> bool:
        """Whether it is the configured one, which the operator pays for."""
        return model is self._configured


@asynccontextmanager
async def open_providers(settings: Settings) -> AsyncGenerator[Mapping[Provider, KeyedModels]]:
    """One client a provider, for the operator's key and all that users bring; nothing is loaded before it is asked."""
    limits = Limits(
        max_tokens=settings.wiz_max_tokens,
        transcript_characters=settings.wiz_transcript_characters,
        silence_seconds=settings.llm_silence_seconds,
        longest_seconds=settings.longest_reply_seconds,
    )
    async with AsyncExitStack() as stack:
        gemini = Gemini(base_url=settings.gemini_base_url, model=settings.gemini_model, limits=limits)
        stack.push_async_callback(gemini.close)
        openrouter = OpenRouter(base_url=settings.openrouter_base_url, model=settings.openrouter_model, limits=limits)
        stack.push_async_callback(openrouter.close)
        yield {Provider.GEMINI: gemini, Provider.OPENROUTER: openrouter}


def configured_model(settings: Settings, providers: Mapping[Provider, KeyedModels], database: Sessions) -> ChatModel:
    """What answers whoever brought no key: a provider's model, with the operator's key and behind its breaker."""
    chosen = {
        "gemini": (Provider.GEMINI, settings.gemini_api_key),
        "openrouter": (Provider.OPENROUTER, settings.openrouter_api_key),
    }
    provider, key = chosen.get(settings.llm_provider, (None, None))
    if provider is None or key is None:
        return ExtractiveModel(pace_seconds=settings.extractive_pace_seconds)
    breakers = Breakers(database, failures=settings.llm_failures, pause_seconds=settings.llm_pause_seconds)
    return GuardedModel(providers[provider].with_key(key), breakers)
