"""Long transcripts, read and made ready for the search one after the other, in a thread of their own.

What others do in threads (a password is checked, a picture decoded) does not wait for hours of speech.
"""

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from db.search_index import FoldedSegment, TimedText, fold_transcript

T = TypeVar("T")


class Folding:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="transcripts")

    async def fold(self, segments: Iterable[TimedText]) -> list[FoldedSegment]:
        return await self.run(partial(fold_transcript, segments))

    async def run(self, work: Callable[[], T]) -> T:
        """What burns CPU about a whole transcript."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
