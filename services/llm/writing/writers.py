"""Which writer writes for whom: one by the model of the user's own key, or by the configured one."""

from services.llm.chat_model import WritingModel
from services.llm.models import Models
from services.llm.writing.remote_writer import RemoteWriter
from services.llm.writing.writer import ExtractiveWriter, Writer


class Writers:
    def __init__(self, models: Models) -> None:
        self._models = models

    async def for_user(self, user_id: int | None) -> Writer:
        """To be asked right before it is used, as `Models.for_user`; None is nobody in particular."""
        model = await self._models.for_user(user_id)
        if not isinstance(model, WritingModel):
            return ExtractiveWriter()
        return RemoteWriter(model, is_shared=self._models.is_shared(model))
