"""Having a part of a video fetched or made once more, because somebody asks for it."""

from db.queries import videos as queries
from db.queries.videos import VideoRow
from db.sessions import Sessions, Transaction
from services.errors import NotFound
from services.videos import processing, videos
from services.videos.processing import Part, PartState
from services.videos.results import TranscriptSource


class RetryService:
    def __init__(self, database: Sessions) -> None:
        self._database = database

    async def retry(self, video_id: int, part: Part) -> VideoRow:
        """The part of a video is scheduled unless it is there or under way. Raises NotFound.

        A transcript that a user brought is fetched all the same. A summary needs the transcript, which is then
        scheduled in its place. Nothing is done about samples.
        """
        async with self._database.write() as tx:
            video = await tx.row(VideoRow, queries.by_ids([video_id]))
            if video is None:
                raise NotFound("Video not found.")
            if not video.is_sample:
                video = await videos.lock(tx, video)
                await _schedule(tx, video, part)
            return video


def is_settled(video: VideoRow, part: Part) -> bool:
    """Whether a task for the part has nothing to do. What a user brought may be fetched, in its place."""
    is_replaceable = part is Part.TRANSCRIPT and video.transcript_source == TranscriptSource.USER
    return processing.has_part(video, part) and not is_replaceable


async def _schedule(tx: Transaction, video: VideoRow, part: Part) -> None:
    if part is Part.SUMMARY and not video.transcript_available and video.summary is None:
        part = Part.TRANSCRIPT
    if is_settled(video, part) or not await processing.enqueue(tx, video.id, part):
        return
    await tx.execute(queries.set_part(video.id, part, state=PartState.PENDING, attempts=0))
    await processing.announce(tx, video.id)
