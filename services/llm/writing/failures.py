"""What the failure of a model means for a task that needed it."""

from services.llm.chat_model import ModelError, ModelUnavailable
from services.tasks.model import TaskFailed


def as_task_failure(error: ModelError) -> TaskFailed:
    """Tried again when the same request may succeed later."""
    return TaskFailed(error.code, error.message, retryable=isinstance(error, ModelUnavailable))
