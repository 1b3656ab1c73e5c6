"""Statements about what is said in videos: pages of segments, and who brought them."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, case, cast, func, select

from db.models.tables import TranscriptSegment, TranscriptSubmission
from db.paging import Order, PageRequest, pages_by
from db.queries.videos import SEGMENT_COLUMNS, SegmentRow
from db.types import AnySelect


class PlacedRow(NamedTuple):
    """A segment, and the how many-th it is of those that were asked for."""

    video_id: int
    position: int
    start_seconds: float
    duration_seconds: float
    text: str
    place: int

    @property
    def segment(self) -> SegmentRow:
        return SegmentRow(*self[:-1])


def matching(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Segments in which each of the words, folded as the stored ones are, begins a word."""
    return [TranscriptSegment.words.contains(f" {word}", autoescape=True) for word in words]


def pages(video_ids: Sequence[int], words: Sequence[str], request: PageRequest) -> AnySelect:
    """Of each video, SegmentRows with their place; one more than asked for, where there is one."""
    by_position = Order(columns=(TranscriptSegment.position,))
    return pages_by(TranscriptSegment.video_id, _wanted(video_ids, words), by_position, request)


def pages_around(video_ids: Sequence[int], words: Sequence[str], size: int, seconds: float) -> AnySelect:
    """As `pages`, PlacedRows, with the last that begins by then in the middle."""
    parent = TranscriptSegment.video_id
    place = func.row_number().over(partition_by=parent, order_by=TranscriptSegment.position).label("place")
    has_begun = case((TranscriptSegment.start_seconds <= seconds, 1), else_=0)
    here = cast(func.sum(has_begun).over(partition_by=parent), Integer).label("here")
    ranked = _wanted(video_ids, words).add_columns(place, here).subquery()
    first = case((ranked.c.here > size // 2, ranked.c.here - size // 2), else_=1)
    columns = [column for column in ranked.c if column.name != "here"]
    return (
        select(*columns)
        .where(ranked.c.place >= first, ranked.c.place <= first + size)
        .order_by(ranked.c.video_id, ranked.c.place)
    )


def count(video_ids: Sequence[int], words: Sequence[str]) -> Select[int, int]:
    return (
        select(TranscriptSegment.video_id, func.count())
        .where(TranscriptSegment.video_id.in_(video_ids), *matching(words))
        .group_by(TranscriptSegment.video_id)
    )


def submitter(video_id: int) -> Select[int]:
    """Who brought the transcript; no row for one that was fetched, or whose bringer's account is gone."""
    return select(TranscriptSubmission.user_id).where(TranscriptSubmission.video_id == video_id)


def _wanted(video_ids: Sequence[int], words: Sequence[str]) -> AnySelect:
    return select(*SEGMENT_COLUMNS).where(TranscriptSegment.video_id.in_(video_ids), *matching(words))
