"""Whether the model that would answer can be asked at all, to be told before anything is stored or counted."""

from db.sessions import Reader
from services.errors import ModelUnavailable
from services.identity.provider_keys import ProviderKeyService
from services.identity.viewers import Owner
from services.llm.remote.breakers import Breakers


class Availability:
    def __init__(self, shared_model: str, keys: ProviderKeyService) -> None:
        """By name the model of everybody without a key of their own."""
        self._shared_model = shared_model
        self._keys = keys

    async def shared_model_for(self, owner: Owner) -> str | None:
        """The name of the model that all share when that would answer; None for who has a key of their own.

        Their model is asked at their own cost, whatever happens to the others.
        """
        if owner.user_id is not None and (await self._keys.keys_of([owner.user_id]))[0]:
            return None
        return self._shared_model

    async def require(self, reader: Reader, shared_model: str | None) -> None:
        """Raises ModelUnavailable while it is left alone, since it has failed too often."""
        if shared_model is not None and await Breakers.is_open(reader, shared_model):
            raise ModelUnavailable
