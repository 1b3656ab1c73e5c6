"""A model that all share by one key, behind its circuit breaker."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import structlog
from structlog.typing import FilteringBoundLogger

from services.llm.chat_model import ChatRequest, KeyRefused, ModelRefused, ModelUnavailable, WritingModel
from services.llm.remote.breakers import Breakers, Probe

log: FilteringBoundLogger = structlog.get_logger()


class GuardedModel:
    """A `WritingModel` that is not asked while its breaker is open, and tells it how each answer ended.

    Whoever stops an answer tells nothing. If it was the one that tries again after a pause, the next may at once, so that
    nobody can keep the model from all others; and its first word is answer enough.
    """

    def __init__(self, model: WritingModel, breakers: Breakers) -> None:
        self._model = model
        self._breakers = breakers

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def transcript_characters(self) -> int | None:
        return self._model.transcript_characters

    async def reply(self, request: ChatRequest) -> AsyncGenerator[str, None]:
        async with self._guarding() as probe, aclosing(self._model.reply(request)) as answer:
            is_trying = probe is not None
            async for piece in answer:
                if is_trying:
                    await self._breakers.answered(self.name)
                    is_trying = False
                yield piece

    async def complete(self, instructions: str, material: str) -> str:
        async with self._guarding():
            return await self._model.complete(instructions, material)

    @asynccontextmanager
    async def _guarding(self) -> AsyncGenerator[Probe | None]:
        probe = await self._breakers.enter(self.name)
        try:
            yield probe
        except KeyRefused as error:
            # The operator's key, and nobody else can mend it.
            log.warning("llm.key_refused", model=self.name, code=error.code)
            failure = ModelUnavailable(error.code, "The model is not available.")
        except ModelRefused:
            await self._breakers.answered(self.name)
            raise
        except ModelUnavailable as error:
            failure = error
        except BaseException:
            if probe is not None:
                await self._breakers.leave(probe)
            raise
        else:
            await self._breakers.answered(self.name)
            return
        await self._breakers.failed(self.name)
        raise failure
