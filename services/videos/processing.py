"""The parts of a video that are fetched or made after it was added, and when a task is scheduled for each."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from db.outbox import NewEvent, NewTask
from db.queries import tasks as task_queries
from db.queries import videos as queries
from db.queries.videos import VideoRow
from db.sessions import Reader, Transaction

LANE = "videos"
CHANGED = "changed"


class Part(StrEnum):
    METADATA = "METADATA"
    TRANSCRIPT = "TRANSCRIPT"
    SUMMARY = "SUMMARY"


class PartState(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    READY = "READY"
    FAILED = "FAILED"


KINDS = {Part.METADATA: "fetch_metadata", Part.TRANSCRIPT: "fetch_transcript", Part.SUMMARY: "make_summary"}
MAX_ATTEMPTS = 3


def topic_of(video_id: int) -> str:
    """Where every change of a video is told; the event carries nothing, since the video's row says it all."""
    return f"video:{video_id}"


def has_part(video: VideoRow, part: Part) -> bool:
    match part:
        case Part.METADATA:
            return bool(video.details)
        case Part.TRANSCRIPT:
            return video.transcript_available
        case Part.SUMMARY:
            return video.summary is not None


def missing_parts(video: VideoRow) -> Sequence[Part]:
    """What can be fetched or made now: a summary needs the transcript first."""
    missing = [part for part in Part if not has_part(video, part)]
    if Part.TRANSCRIPT in missing and Part.SUMMARY in missing:
        missing.remove(Part.SUMMARY)
    return missing


async def schedule(tx: Transaction, video: VideoRow) -> None:
    """A task for each missing part that has none under way. One that failed before is tried afresh."""
    if await enqueue_missing(tx, video):
        await announce(tx, video.id)


async def enqueue_missing(tx: Transaction, video: VideoRow, among: Collection[Part] = frozenset(Part)) -> bool:
    """As `schedule`, for some of the parts, and without telling; answers whether anything changed."""
    scheduled = [part for part in missing_parts(video) if part in among and await enqueue(tx, video.id, part)]
    for part in scheduled:
        await tx.execute(queries.set_part(video.id, part, state=PartState.PENDING, attempts=0))
    return bool(scheduled)


async def is_under_way(reader: Reader, video: VideoRow) -> bool:
    """Whether `schedule` would find nothing to do: each missing part has a task, and all parts have rows."""
    kinds = {KINDS[part] for part in missing_parts(video)}
    live = {kind for (kind,) in await reader.all(task_queries.live_kinds(str(video.id), kinds))}
    return live == kinds and await reader.scalar(queries.count_parts(video.id)) == len(Part)


async def announce(tx: Transaction, video_id: int) -> None:
    """Tell whoever watches the video that it has changed."""
    await tx.publish(topic_of(video_id), NewEvent(type=CHANGED))


async def enqueue(tx: Transaction, video_id: int, part: Part) -> bool:
    task = NewTask(
        kind=KINDS[part],
        lane=LANE,
        key=str(video_id),
        payload={"videoId": video_id},
        max_attempts=MAX_ATTEMPTS,
    )
    return await tx.enqueue(task) is not None


def video_id_of(payload: Mapping[str, object]) -> int:
    """Which video a task is about."""
    video_id = payload["videoId"]
    if not isinstance(video_id, int):
        raise TypeError("The task names no video.")
    return video_id
