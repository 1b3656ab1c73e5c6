"""Things to find, put straight into the database of a running server together with their entries in the index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from sqlalchemy import Delete, delete, insert, select, text

from db.models.tables import Conversation, Message, Note, SearchEntry, TranscriptSegment, User, Video, VideoAddition
from db.search_index import fold_transcript, index_message, index_note, index_title, index_transcript
from services.identity.tokens import digest
from services.llm.chat_model import Segment
from tests.client import Client
from tests.resolvers.stored import user_id_of
from tests.server import Server

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
STEP_SECONDS = 100
"""From one cue to the next, so that each is a stretch of its own."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One person's things; a guest's without a user."""

    server: Server
    user_id: int | None
    guest_id: str

    @classmethod
    async def of(cls, server: Server, user: Client | None, guest_id: str = "a guest") -> Self:
        return cls(server, None if user is None else await user_id_of(user), guest_id)

    async def video(self, youtube_id: str, cues: Sequence[str], *, add: bool = True) -> int:
        segments = [
            Segment(start_seconds=number * STEP_SECONDS, duration_seconds=1, text=cue)
            for number, cue in enumerate(cues)
        ]
        async with self.server.services.database.write() as tx:
            video_id = await tx.scalar(insert(Video).values(youtube_id=youtube_id).returning(Video.id))
            assert video_id is not None
            rows = [
                {
                    "video_id": video_id,
                    "position": number,
                    "start_seconds": segment.start_seconds,
                    "duration_seconds": 1,
                    "text": segment.text,
                }
                for number, segment in enumerate(segments)
            ]
            await tx.execute(insert(TranscriptSegment), rows)
            await index_transcript(tx, video_id, fold_transcript(segments), created_at=NOW)
        if add:
            await self.add(video_id)
        return video_id

    async def sample(self) -> int:
        async with self.server.services.database.read() as reader:
            found = await reader.scalar(select(Video.id).where(Video.youtube_id == "sample-tide"))
        assert found is not None
        return found

    async def add(self, video_id: int) -> None:
        async with self.server.services.database.write() as tx:
            await tx.execute(insert(VideoAddition).values(user_id=self.user_id, video_id=video_id))

    async def note(self, video_id: int, content: str = "a note", timestamp: str = "0:00") -> int:
        (note_id,) = await self.notes(video_id, [content], timestamp)
        return note_id

    async def notes(self, video_id: int, contents: Sequence[str], timestamp: str = "0:00") -> list[int]:
        assert self.user_id is not None
        ids: list[int] = []
        async with self.server.services.database.write() as tx:
            for content in contents:
                values = {"user_id": self.user_id, "video_id": video_id, "timestamp": timestamp, "text": content}
                note_id = await tx.scalar(insert(Note).values(**values).returning(Note.id))
                assert note_id is not None
                await index_note(tx, note_id, user_id=self.user_id, video_id=video_id, text=content, created_at=NOW)
                ids.append(note_id)
        return ids

    async def forget_note(self, note_id: int) -> None:
        await self._delete(delete(Note).where(Note.id == note_id))

    async def conversation(self, video_id: int, title: str | None = None) -> tuple[int, int]:
        """Its id, and the video's."""
        guest_hash = digest(self.guest_id) if self.user_id is None else None
        async with self.server.services.database.write() as tx:
            values = {"user_id": self.user_id, "guest_hash": guest_hash, "video_id": video_id, "title": title}
            conversation_id = await tx.scalar(insert(Conversation).values(**values).returning(Conversation.id))
            assert conversation_id is not None
            await index_title(tx, conversation_id, user_id=self.user_id, video_id=video_id, title=title, created_at=NOW)
        return conversation_id, video_id

    async def message(self, conversation: tuple[int, int], content: str) -> int:
        conversation_id, video_id = conversation
        async with self.server.services.database.write() as tx:
            values = {"conversation_id": conversation_id, "role": "USER", "content": content, "status": "DONE"}
            message_id = await tx.scalar(insert(Message).values(**values).returning(Message.id))
            assert message_id is not None
            await index_message(
                tx,
                message_id,
                conversation_id=conversation_id,
                user_id=self.user_id,
                video_id=video_id,
                text=content,
                created_at=NOW,
            )
        return message_id

    async def forget_conversation(self, conversation: tuple[int, int]) -> None:
        await self._delete(delete(Conversation).where(Conversation.id == conversation[0]))

    async def forget_video(self, video_id: int) -> None:
        await self._delete(delete(Video).where(Video.id == video_id))

    async def forget_account(self) -> None:
        await self._delete(delete(User).where(User.id == self.user_id))

    async def _delete(self, statement: Delete) -> None:
        async with self.server.services.database.write() as tx:
            await tx.execute(statement)

    async def entries(self) -> set[str]:
        """The kinds of all entries with a zebra."""
        async with self.server.services.database.read() as reader:
            statement = select(SearchEntry.kind).where(SearchEntry.text.like("%zebra%"))
            return {row.kind for row in await reader.all(statement)}

    async def check(self) -> None:
        """That FTS5 holds what the entries do; it raises an error when it does not."""
        if self.server.services.database.dialect == "sqlite":
            async with self.server.services.database.write() as tx:
                await tx.execute(text("INSERT INTO search_words(search_words, rank) VALUES('integrity-check', 1)"))
