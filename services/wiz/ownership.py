"""Whose conversations and replies are: what is not the caller's is not there."""

from sqlalchemy import ColumnElement

from db.queries import replies as reply_queries
from db.queries import wiz as queries
from db.queries.wiz import ConversationRow, MessageRow
from db.sessions import Reader, Transaction
from services.errors import NotFound
from services.identity.viewers import Owner
from services.wiz.messages import MessageRole


def owned_by(owner: Owner) -> ColumnElement[bool]:
    return queries.owned_by(owner.user_id, owner.guest_hash)


async def owned_conversation(reader: Reader, owner: Owner, conversation_id: int) -> ConversationRow:
    """Raises NotFound."""
    statement = queries.conversations_by_ids(owned_by(owner), [conversation_id])
    return found(await reader.row(ConversationRow, statement))


async def owned_reply(reader: Reader, owner: Owner, message_id: int) -> MessageRow:
    """Raises NotFound, for a question, too."""
    message = await reader.row(MessageRow, queries.messages_by_ids(owned_by(owner), [message_id]))
    if message is None or message.role != MessageRole.ASSISTANT:
        raise NotFound("Reply not found.")
    return message


def found(conversation: ConversationRow | None) -> ConversationRow:
    """Raises NotFound."""
    if conversation is None:
        raise NotFound("Conversation not found.")
    return conversation


async def hold_owner(tx: Transaction, owner: Owner) -> None:
    """Before anything else of theirs is locked, as the deletion of an account does it. Raises NotFound."""
    if owner.user_id is not None and await tx.scalar(reply_queries.hold_user(owner.user_id)) is None:
        raise NotFound("Conversation not found.")
