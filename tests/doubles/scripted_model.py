"""A chat model that says what a test wants, when it wants it; it obeys the protocol as any other."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from services.llm.chat_model import ChatRequest

Step = str | asyncio.Event | Exception
"""A piece to say, a gate to wait at, or how it breaks off."""


class ScriptedModel:
    def __init__(self, *scripts: Sequence[Step]) -> None:
        """One script a request; further requests get the last one."""
        self._scripts = scripts
        self.transcript_characters: int | None = None
        self.requests: list[ChatRequest] = []
        self.closed = 0
        """How many requests have come to an end, of whatever kind."""

    @property
    def name(self) -> str:
        return "scripted"

    async def reply(self, request: ChatRequest) -> AsyncGenerator[str, None]:
        script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
        self.requests.append(request)
        try:
            for step in script:
                match step:
                    case str():
                        yield step
                    case asyncio.Event():
                        await step.wait()
                    case Exception():
                        raise step
        finally:
            self.closed += 1
