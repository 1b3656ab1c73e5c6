"""Conversations with Wiz as their owners manage them: begun, renamed and deleted."""

from db.outbox import NewEvent
from db.queries import replies as reply_queries
from db.queries import wiz as queries
from db.queries.replies import ReplyTaskRow
from db.queries.wiz import ConversationRow
from db.search_index import index_title
from db.sessions import Sessions, Transaction
from services import limits
from services.errors import NotFound
from services.identity.viewers import Owner
from services.validation import Checks
from services.videos import videos
from services.videos.videos import VideoRef
from services.wiz.ownership import found, hold_owner, owned_by, owned_conversation
from services.wiz.replies import KIND, give_back
from services.wiz.reply_log import Progress, has_begun, topic_of


class ConversationService:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def create(self, owner: Owner, ref: VideoRef, title: str | None) -> ConversationRow:
        """Always a new conversation; the video is added when new. Raises InvalidInput or NotFound."""
        checks = Checks()
        videos.check_ref(checks, ref)
        title = checks.optional_text(title, "title", maximum=limits.TITLE_LENGTH)
        checks.finish()
        async with self._database.write() as tx:
            video = await videos.ensure(tx, ref, None)
            insertion = queries.add_conversation(video.id, owner.user_id, owner.guest_hash, title)
            conversation = await tx.row(ConversationRow, insertion)
            if conversation is None:
                raise NotFound("Video not found.")
            await _index(tx, owner, conversation)
            return conversation

    async def rename(self, owner: Owner, conversation_id: int, title: str) -> ConversationRow:
        """Raises InvalidInput or NotFound."""
        checks = Checks()
        title = checks.text(title, "title", maximum=limits.TITLE_LENGTH)
        checks.finish()
        async with self._database.write() as tx:
            await hold_owner(tx, owner)
            renaming = queries.rename_conversation(owned_by(owner), conversation_id, title)
            conversation = found(await tx.row(ConversationRow, renaming))
            await _index(tx, owner, conversation)
            return conversation

    async def delete(self, owner: Owner, conversation_id: int) -> None:
        """With all that was said in it, and what is being said: that stops, and its readers are told. Raises NotFound.

        A question that nothing has been said to yet is given back to the quota.
        """
        while not await self._try_to_delete(owner, conversation_id):
            pass

    async def _try_to_delete(self, owner: Owner, conversation_id: int) -> bool:
        """False, and nothing done, when another question came in between."""
        try:
            async with self._database.write() as tx:
                await _delete(tx, owner, conversation_id)
        except _AskedMeanwhileError:
            return False
        return True


class _AskedMeanwhileError(Exception):
    """Its task cannot be locked any more: that is for before the conversation is."""


async def _delete(tx: Transaction, owner: Owner, conversation_id: int) -> None:
    await owned_conversation(tx, owner, conversation_id)
    tasks = await tx.rows(ReplyTaskRow, reply_queries.lock_tasks(KIND, conversation_id))
    # Workers append nothing from here on, so what has been said is known.
    unsaid = [task for task in tasks if not await has_begun(tx, int(task.key))]
    for task in unsaid:
        await give_back(tx, task.payload)
    if await tx.scalar(queries.lock_conversation(owned_by(owner), conversation_id)) is None:
        raise NotFound("Conversation not found.")
    ids = [task.id for task in tasks]
    if await tx.scalar(reply_queries.another_task(KIND, conversation_id, ids)) is not None:
        raise _AskedMeanwhileError
    await tx.execute(reply_queries.delete_tasks(ids))
    await tx.execute(queries.delete_conversation(conversation_id))
    await tx.publish_many({topic_of(int(task.key)): [NewEvent(type=Progress.DELETED)] for task in tasks})


async def _index(tx: Transaction, owner: Owner, conversation: ConversationRow) -> None:
    await index_title(
        tx,
        conversation.id,
        user_id=owner.user_id,
        video_id=conversation.video_id,
        title=conversation.title,
        created_at=conversation.created_at,
    )
