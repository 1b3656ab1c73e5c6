"""A scripted model that can also write by other instructions."""

from collections.abc import Sequence

from tests.doubles.scripted_model import ScriptedModel, Step


class WritingDouble(ScriptedModel):
    def __init__(self, *scripts: Sequence[Step]) -> None:
        super().__init__(*scripts)
        self.completed: list[tuple[str, str]] = []

    @property
    def name(self) -> str:
        return "gemini/a-model"

    async def complete(self, instructions: str, material: str) -> str:
        self.completed.append((instructions, material))
        return "Written."
