import asyncio
import threading

import pytest

from services.youtube.deadlines import Deadline, run_in_thread
from services.youtube.failures import SourceCode, SourceError


@pytest.mark.asyncio
async def test_the_answer_comes_back() -> None:
    assert await run_in_thread(lambda _deadline: threading.current_thread() is threading.main_thread(), 5) is False


@pytest.mark.asyncio
async def test_a_failure_comes_back() -> None:
    def fail(_deadline: Deadline) -> None:
        raise SourceError(SourceCode.DISABLED)

    with pytest.raises(SourceError) as failure:
        await run_in_thread(fail, 5)
    assert failure.value.code is SourceCode.DISABLED


@pytest.mark.asyncio
async def test_time_runs_out() -> None:
    leave = threading.Event()
    with pytest.raises(SourceError) as failure:
        await run_in_thread(lambda _deadline: leave.wait(10), 0.05)
    leave.set()
    assert failure.value.code is SourceCode.UNREACHABLE


@pytest.mark.asyncio
async def test_a_thread_that_nobody_waits_for_learns_it() -> None:
    begun, cancelled, ended = threading.Event(), threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    codes: list[SourceCode] = []

    def work(deadline: Deadline) -> None:
        deadline.check()
        begun.set()
        cancelled.wait(10)
        try:
            deadline.check()
        except SourceError as error:
            codes.append(error.code)
        loop.call_soon_threadsafe(ended.set)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(run_in_thread(work, 10))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
    cancelled.set()
    await asyncio.wait_for(ended.wait(), 10)
    assert codes == [SourceCode.UNREACHABLE]
