"""Notes on a video of which only the title is known."""

from db.queries.notes import NoteRow
from services import limits
from services.errors import NotFound
from services.notes.notes import NoteService, checked_moment
from services.validation import Checks
from services.videos.videos import VideoRef
from services.youtube.search import VideoSearch


class NotesByTitle:
    def __init__(self, notes: NoteService, search: VideoSearch) -> None:
        self._notes = notes
        self._search = search

    async def create(self, user_id: int, *, title: str, timestamp: str, text: str | None) -> NoteRow:
        """A note on the first video that a search for the title finds. Nobody is asked when the input is wrong.

        Raises InvalidInput, NotFound or VideoSearchUnavailable.
        """
        checks = Checks()
        title = checks.text(title, "title", maximum=limits.TITLE_LENGTH)
        timestamp, text = checked_moment(checks, timestamp, text)
        checks.finish()
        found = await self._search.first(title)
        if found is None:
            raise NotFound("No video found for the provided title.")
        ref = VideoRef(youtube=found.youtube_id)
        return await self._notes.create(user_id, ref, timestamp=timestamp, text=text, title=found.title)
